package store

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// keptStatements is how many prepared statements a connection keeps.
const keptStatements = 256

// keeping makes connections that keep their prepared statements: preparing costs SQLite more than running. They are kept
// below database/sql, so that statements of transactions are kept too.
type keeping struct{ driver.Connector }

// Connect returns a [*keptConn].
func (k keeping) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlite: %T lacks a method of database/sql", conn), conn.Close())
	}
	return &keptConn{sqliteConn: inner, byText: map[string]*list.Element{}, used: list.New()}, nil
}

// sqliteConn is all that database/sql asks of a connection.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// keptConn is a connection with its statements, the last used in front. database/sql calls it from one goroutine at a time.
type keptConn struct {
	sqliteConn
	byText map[string]*list.Element // of *keptStatement
	used   *list.List
}

type keptStatement struct {
	driver.Stmt
	text string
	busy bool // its rows are being read
	kept bool
}

// Unwrap returns the driver's own connection.
func (c *keptConn) Unwrap() driver.Conn { return c.sqliteConn }

// ExecContext implements driver.ExecerContext.
func (c *keptConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	return result, errors.Join(err, s.done())
}

// QueryContext implements driver.QueryerContext.
func (c *keptConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.done())
	}
	return &keptRows{rows, s}, nil
}

// statement returns the kept statement of a text, or a new one, which is kept unless another of the text is in use. The caller calls done.
func (c *keptConn) statement(ctx context.Context, text string) (*keptStatement, error) {
	e, known := c.byText[text]
	if known {
		if s := e.Value.(*keptStatement); !s.busy {
			c.used.MoveToFront(e)
			s.busy = true
			return s, nil
		}
	}
	prepared, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s := &keptStatement{Stmt: prepared, text: text, busy: true, kept: !known}
	if !s.kept {
		return s, nil
	}
	c.byText[text] = c.used.PushFront(s)
	return s, c.shrink()
}

// shrink closes the statement that was used longest ago when there are too many.
func (c *keptConn) shrink() error {
	if c.used.Len() <= keptStatements {
		return nil
	}
	last := c.used.Back()
	s := last.Value.(*keptStatement)
	c.used.Remove(last)
	delete(c.byText, s.text)
	if s.kept = false; s.busy {
		return nil // done closes it
	}
	return s.Close()
}

// done gives the statement back.
func (s *keptStatement) done() error {
	if s.busy = false; s.kept {
		return nil
	}
	return s.Close()
}

// Close closes the statements and the connection.
func (c *keptConn) Close() error {
	var all []error
	for e := c.used.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*keptStatement).Close())
	}
	return errors.Join(append(all, c.sqliteConn.Close())...)
}

// keptRows are the rows of a kept statement.
type keptRows struct {
	driver.Rows
	of *keptStatement
}

// Close gives the statement back.
func (r *keptRows) Close() error {
	err := r.Rows.Close()
	if s := r.of; s != nil {
		r.of = nil
		err = errors.Join(err, s.done())
	}
	return err
}
