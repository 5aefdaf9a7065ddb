package store

import "github.com/google/uuid"

// key returns id in the form it is stored in. False means that it is no UUID, so that no row can have it; such an id never
// reaches SQL, where Postgres would answer with a syntax error of its own.
func key(id string) (string, bool) {
	u, err := uuid.Parse(id)
	if err != nil || len(id) != 36 {
		return "", false
	}
	return u.String(), true
}

// keys returns those of ids that can name a row.
func keys(ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if k, ok := key(id); ok {
			out = append(out, k)
		}
	}
	return out
}

// idFor returns the id of a new row: a new one, or the client's if it can be one.
func (db *DB) idFor(id string) (string, bool) {
	if id == "" {
		return db.newID(), true
	}
	return key(id)
}

// newID is the default of Config.NewID.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
