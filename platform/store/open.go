package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// The dialects.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// DefaultPath is where an empty Config.URI keeps the database.
const DefaultPath = ".locutory/data/locutory.db"

// Config says where the database is. The zero Config is a SQLite file at [DefaultPath].
type Config struct {
	// URI is a path (SQLite) or a postgres:// or postgresql:// URI.
	URI string
	// Indexed are the metadata keys that filters ask for most ("auth.index"): they get indexes.
	Indexed []string
	// SynchronousFull makes SQLite wait for the disk at each commit. Without it a killed process loses nothing, but a power cut
	// may lose the last commits.
	SynchronousFull bool
	// TTL is what a thread gets that is made without one of its own; ExpiresAt is of no account. nil: it stays.
	TTL *TTL
	// MaxAttempts is how often a run is started; when its worker is lost once more it ends as error. 0 is 3.
	MaxAttempts int
	// Now and NewID default to the clock and to UUID version 7.
	Now   func() time.Time
	NewID func() string
	Log   *slog.Logger
}

// DB is an open database of the newest schema. It is safe for concurrent use.
type DB struct {
	Threads     *Threads
	Assistants  *Assistants
	Runs        *Runs
	Crons       *Crons
	Checkpoints *Checkpoints
	Events      *Events
	Deliveries  *Deliveries
	Feedback    *Feedback
	Items       *Items

	dialect  string
	pgvector bool // the extension is installed
	indexed  []string
	ttl      *TTL
	attempts int
	now      func() time.Time
	newID    func() string
	log      *slog.Logger

	pool     *sql.DB // what w writes to
	readPool *sql.DB // pool itself on Postgres
	w, r     *gorm.DB
	group    group // of SQLite
}

// Open opens the database, makes it if it is a file that is not there, and brings its schema up to date. The caller owns the DB and
// closes it. Errors do not show the password of a URI.
func Open(ctx context.Context, c Config) (*DB, error) {
	db, err := c.open()
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{db.Ping, db.migrate, db.index, db.extensions} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, nil
}

// open opens the pools.
func (c Config) open() (*DB, error) {
	db := &DB{dialect: SQLite, indexed: slices.Clone(c.Indexed), ttl: c.TTL, attempts: c.MaxAttempts, now: c.Now, newID: c.NewID, log: c.Log}
	if db.attempts <= 0 {
		db.attempts = maxAttempts
	}
	if db.now == nil {
		db.now = time.Now
	}
	if db.newID == nil {
		db.newID = newID
	}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	db.Threads, db.Assistants, db.Crons = &Threads{db}, &Assistants{db}, &Crons{db}
	db.Runs, db.Checkpoints, db.Events = &Runs{db}, &Checkpoints{db}, &Events{db}
	db.Deliveries, db.Feedback, db.Items = &Deliveries{db}, &Feedback{db}, &Items{db}
	if strings.HasPrefix(c.URI, "postgres://") || strings.HasPrefix(c.URI, "postgresql://") {
		return db, db.openPostgres(c.URI)
	}
	if scheme, _, ok := strings.Cut(c.URI, "://"); ok {
		return nil, fmt.Errorf("database URI: %s:// is not known; want postgres:// or the path of a SQLite file", scheme)
	}
	return db, db.openSQLite(c)
}

func (db *DB) openPostgres(uri string) (err error) {
	db.dialect = Postgres
	if db.pool, err = openPostgres(uri); err != nil {
		return err
	}
	db.readPool = db.pool
	if db.w, err = gorm.Open(postgres.New(postgres.Config{Conn: db.pool}), db.gorm()); err != nil {
		return errors.Join(fmt.Errorf("open database: %w", err), db.pool.Close())
	}
	db.r = db.w
	return nil
}

func (db *DB) openSQLite(c Config) (err error) {
	path := c.URI
	if path == "" {
		path = DefaultPath
	}
	if db.pool, db.readPool, err = openSQLite(path, c.SynchronousFull); err != nil {
		return err
	}
	if db.w, err = gorm.Open(sqliteDialect{db.pool}, db.gorm()); err == nil {
		db.r, err = gorm.Open(sqliteDialect{db.readPool}, db.gorm())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	return nil
}

// gorm is the query builder without what it does unasked. Prepared statements are kept by pgx and by [keeping].
func (db *DB) gorm() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,
		NowFunc:                db.now,
	}
}

// Close closes all connections. Statements under way are waited for.
func (db *DB) Close() error {
	if db.readPool == db.pool {
		return db.pool.Close()
	}
	return errors.Join(db.readPool.Close(), db.pool.Close()) // the last to close folds the write-ahead log into the file
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.pool.PingContext(ctx); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

// Dialect returns [SQLite] or [Postgres].
func (db *DB) Dialect() string { return db.dialect }
