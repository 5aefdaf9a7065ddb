package sdk

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/locutory/locutory/platform/wire"
)

// pageSize is the limit of a page when the caller names none: larger than the server's, to ask less often.
const pageSize = 100

// window is the query of a page; 0 is the server's default.
func window(limit, offset int) url.Values {
	query := url.Values{}
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if offset != 0 {
		query.Set("offset", strconv.Itoa(offset))
	}
	return query
}

// pages walks over a search, page by page.
type pages[T any] struct {
	client *Client
	path   string
	limit  wire.Limit
	offset wire.Offset
	body   func(wire.Limit, wire.Offset) any
	id     func(T) string // "" when it was not selected
}

// all yields every row. Rows may come and go meanwhile; a row that moved to the next page is not yielded twice.
func (p pages[T]) all(ctx context.Context) iter.Seq2[T, error] {
	limit := wire.Limit(p.limit.Or(pageSize))
	return func(yield func(T, error) bool) {
		seen := map[string]bool{}
		var told bool // the server says where the next page begins
		for offset, more := p.offset, true; more; {
			var page []T
			header, err := p.client.exchange(ctx, p.client.short, http.MethodPost, p.path, p.body(limit, offset), &page)
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, row := range page {
				id := p.id(row)
				if id != "" && seen[id] {
					continue
				}
				seen[id] = true
				if !yield(row, nil) {
					return
				}
			}
			if next, err := strconv.Atoi(header.Get("X-Pagination-Next")); err == nil {
				// One that does not go forward would go round forever.
				offset, more, told = wire.Offset(next), wire.Offset(next) > offset, true
				continue
			}
			offset, more = offset+wire.Offset(len(page)), !told && len(page) >= int(limit)
		}
	}
}
