package store

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
)

// TestFilterSQL is R-27: what each node becomes.
func TestFilterSQL(t *testing.T) {
	t.Parallel()
	type rendered struct {
		SQL  string
		Args []any
	}
	for name, test := range map[string]struct {
		filter           authhooks.Filter
		sqlite, postgres rendered
	}{
		"eq": {
			authhooks.Eq("team", "red"),
			rendered{`((json_extract("t".metadata, '$."team"') IN (?) AND json_type("t".metadata, '$."team"') = 'text'))`, []any{"red"}},
			rendered{`("t".metadata @> (?::jsonb) AND ("t".metadata -> 'team') IN (?::jsonb))`, []any{`{"team":"red"}`, `"red"`}},
		},
		"eq on an indexed key": {
			authhooks.Eq("owner", "a"),
			rendered{`((json_extract("t".metadata, '$."owner"') IN (?) AND json_type("t".metadata, '$."owner"') = 'text'))`, []any{"a"}},
			rendered{`(("t".metadata ->> 'owner') IN (?) AND ("t".metadata -> 'owner') IN (?::jsonb))`, []any{"a", `"a"`}},
		},
		"eq of 1 is not true": {
			authhooks.Eq("n", 1),
			rendered{`((json_extract("t".metadata, '$."n"') IN (?) AND json_type("t".metadata, '$."n"') IN ('integer', 'real')))`, []any{int64(1)}},
			rendered{`("t".metadata @> (?::jsonb) AND ("t".metadata -> 'n') IN (?::jsonb))`, []any{`{"n":1}`, `1`}},
		},
		"eq of true is not 1": {
			authhooks.Eq("n", true),
			rendered{`((json_type("t".metadata, '$."n"') IN (?)))`, []any{"true"}},
			rendered{`("t".metadata @> (?::jsonb) AND ("t".metadata -> 'n') IN (?::jsonb))`, []any{`{"n":true}`, `true`}},
		},
		"eq of nothing H-13": {
			authhooks.Eq("n", ""),
			rendered{`((json_extract("t".metadata, '$."n"') IN (?) AND json_type("t".metadata, '$."n"') = 'text'))`, []any{""}},
			rendered{`("t".metadata @> (?::jsonb) AND ("t".metadata -> 'n') IN (?::jsonb))`, []any{`{"n":""}`, `""`}},
		},
		"in of nothing": {
			authhooks.In[string]("team"),
			rendered{`(json_type("t".metadata, '$."team"') IS NULL AND NULL)`, nil},
			rendered{`(("t".metadata -> 'team') IS NULL AND NULL)`, nil},
		},
		"contains": {
			authhooks.Contains("tags", "a"),
			rendered{`(CASE WHEN json_type("t".metadata, '$."tags"') IS NULL THEN NULL WHEN json_type("t".metadata, '$."tags"') <> 'array' ` +
				`THEN FALSE ELSE (EXISTS (SELECT 1 FROM json_each("t".metadata, '$."tags"') AS item WHERE item.type = 'text' AND item.value = (?))) END)`, []any{"a"}},
			rendered{`("t".metadata @> (?::jsonb) AND jsonb_typeof("t".metadata -> 'tags') = 'array' AND ("t".metadata -> 'tags') @> (?::jsonb))`, []any{`{"tags":["a"]}`, `["a"]`}},
		},
		"not": {
			authhooks.Not(authhooks.Exists("x")),
			rendered{`NOT ((json_type("t".metadata, '$."x"') IS NOT NULL))`, nil},
			rendered{`NOT ((("t".metadata -> 'x') IS NOT NULL))`, nil},
		},
		"not eq has no containment, which is not NULL without the key": {
			authhooks.Not(authhooks.Eq("x", "a")),
			rendered{`NOT (((json_extract("t".metadata, '$."x"') IN (?) AND json_type("t".metadata, '$."x"') = 'text')))`, []any{"a"}},
			rendered{`NOT ((("t".metadata -> 'x') IN (?::jsonb)))`, []any{`"a"`}},
		},
		"and, or, none": {
			authhooks.And(authhooks.Exists("x"), authhooks.Or(authhooks.None(), authhooks.None())),
			rendered{`((json_type("t".metadata, '$."x"') IS NOT NULL) AND (FALSE OR FALSE))`, nil},
			rendered{`((("t".metadata -> 'x') IS NOT NULL) AND (FALSE OR FALSE))`, nil},
		},
		"invalid H-7": {authhooks.Filter{}, rendered{"FALSE", nil}, rendered{"FALSE", nil}},
		"invalid key": {authhooks.Eq(`x"') OR 1=1 --`, "a"), rendered{"FALSE", nil}, rendered{"FALSE", nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for dialect, want := range map[string]rendered{SQLite: test.sqlite, Postgres: test.postgres} {
				var got rendered
				got.SQL, got.Args = filterSQL(dialect, "t", test.filter, "owner")
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", dialect, diff)
				}
			}
		})
	}
}

// FuzzFilterKey asks for a key of any text: the statement is valid and says what Match says.
func FuzzFilterKey(f *testing.F) {
	for _, k := range []string{"owner", `"`, `'`, `\`, `a"."b`, `$`, "a.b", "", "?", "@x", "a\x00b", "é", `'); DROP TABLE threads; --`, strings.Repeat("k", 129)} {
		f.Add(k)
	}
	db, err := Open(f.Context(), Config{URI: filepath.Join(f.TempDir(), "fuzz.db")})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = db.Close() })
	f.Fuzz(func(t *testing.T, k string) {
		text, err := json.Marshal(map[string]any{k: "x", "z" + k: "y"})
		if err != nil {
			t.Fatal(err)
		}
		doc, err := object(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, filter := range []authhooks.Filter{
			authhooks.Eq(k, "x"), authhooks.Contains(k, "x"), authhooks.Not(authhooks.Eq(k, "y")), authhooks.Exists(k),
		} {
			sql, args := filterSQL(SQLite, "t", filter)
			var got bool
			err := one(db.read(t.Context()), []any{&got}, "SELECT coalesce("+sql+", FALSE) FROM (SELECT ? AS metadata) AS t", append(args, string(text))...)
			if err != nil {
				t.Fatalf("%q: %s: %v", k, sql, err)
			}
			if want := filter.Match(doc); got != want {
				t.Errorf("%q: %s is %v, Match %v", k, sql, got, want)
			}
		}
	})
}

// FuzzPath puts any text through the quoting alone, without the check before it.
func FuzzPath(f *testing.F) {
	for _, k := range []string{"owner", `"`, `'`, `\`, `a"."b`, "$", "", "?", "a\x00b", `' || 1 || '`} {
		f.Add(k)
	}
	db, err := Open(f.Context(), Config{URI: filepath.Join(f.TempDir(), "fuzz.db")})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = db.Close() })
	f.Fuzz(func(t *testing.T, k string) {
		var got *string
		sql := "SELECT " + extract(SQLite, "t", k) + " FROM (SELECT ? AS metadata) AS t"
		if err := db.readPool.QueryRowContext(t.Context(), sql, `{"other": "secret"}`).Scan(&got); err != nil {
			t.Fatalf("%q: %v", k, err)
		}
		if got != nil && k != "other" {
			t.Errorf("%q reads %q", k, *got)
		}
	})
}

// TestOwnerIndex asks SQLite how it searches one owner's threads: by the index, which has them in order.
func TestOwnerIndex(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Config{URI: filepath.Join(t.TempDir(), "plan.db"), Indexed: []string{"owner"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	guard, err := access.New(access.Config{Auth: authhooks.New(
		authhooks.Bearer(nil),
		authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
	)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := guard.Threads(access.With(t.Context(), access.Caller{User: &authhooks.User{Identity: "alice"}}), &authhooks.ThreadsSearch{})
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []ThreadQuery{{}, {SortOrder: "asc"}, {Metadata: JSON(`{"x": 1}`)}} {
		found, err := db.Threads.query(t.Context(), s, query)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPage(0, 0, "", query.SortOrder, threadOrders)
		if err != nil {
			t.Fatal(err)
		}
		statement := p.on(found.Select("t.id")).Session(&gorm.Session{DryRun: true}).Find(&[]map[string]any{}).Statement
		var plan []string
		rows, err := db.r.Raw("EXPLAIN QUERY PLAN "+statement.SQL.String(), statement.Vars...).Rows()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(plan, "; "); !strings.Contains(all, "ix_threads_key_owner") || strings.Contains(all, "TEMP B-TREE") {
			t.Errorf("%+v: plan %s", query, all)
		}
	}
}
