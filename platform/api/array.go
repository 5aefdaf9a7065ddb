package api

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"

	"github.com/locutory/locutory/platform/wire"
)

// listed answers with rows in their form of the wire; with only the fields that are named, if any are.
func listed[Row, Form any](c *call, rows []Row, form func(Row) (Form, error), fields []string) error {
	forms := make([]Form, len(rows))
	for i, row := range rows {
		var err error
		if forms[i], err = form(row); err != nil {
			return err
		}
	}
	if len(fields) == 0 {
		return c.json(http.StatusOK, forms)
	}
	projected, err := wire.ProjectAll(forms, fields)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, projected)
}

// array answers with items as a JSON array. One that is long goes out while it is made, so that a thousand whole states are never in memory
// together; if making them fails by then, the connection breaks off.
func array[T any](c *call, items iter.Seq2[T, error]) error {
	buf, first := []byte{'['}, true
	var out *sender
	for item, err := range items {
		if err != nil {
			return err
		}
		data, err := json.Marshal(item)
		if err != nil {
			return fmt.Errorf("encode answer: %w", err)
		}
		if !first {
			buf = append(buf, ',')
		}
		buf, first = append(buf, data...), false
		if len(buf) < aheadBytes {
			continue
		}
		if out == nil {
			c.gin.Header("Content-Type", "application/json")
			out = c.begin()
			defer out.end()
		}
		if err := out.send(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	buf = append(buf, ']')
	if out == nil {
		c.gin.Data(http.StatusOK, "application/json", buf)
		return nil
	}
	return out.send(buf)
}
