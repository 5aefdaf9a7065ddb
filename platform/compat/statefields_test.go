package compat

import (
	"strings"
	"testing"

	"github.com/locutory/locutory/sdk"
)

// Newer clients ask for fields of states, and for one of the values alone.
func TestFieldsOfStates(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(odd()...), uri)
		id := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		at := "/threads/" + id
		for query, want := range map[string]string{ // before there is any
			"select=values,next": `{"next":[],"values":{}}`, "select=values.said": `{"values":{}}`,
		} {
			s.must(200, alice, "GET", at+"/state?"+query, "").is(t, "", want)
		}
		s.must(200, alice, "POST", at+"/runs/wait", `{"assistant_id": "pair", "input": {"word": "x", "said": ["a"]}}`)
		checkpoint := s.must(200, alice, "GET", at+"/state", "").at(t, "checkpoint", "checkpoint_id")
		place := strings.Trim(checkpoint, `"`)
		const word = `{"values":{"word":"x"}}`
		for query, want := range map[string]string{
			"select=values.word":                    word,
			"select=values.word&select=values.none": word,
			"select=%5B%22values.word%22%5D":        word,
			"select=values.none":                    `{"values":{}}`,
			"select=values.word,values,next":        `{"next":["a","b"],"values":{"said":["a"],"word":"x"}}`,
			"select=values.word.more":               `{"values":{}}`,
			"select=parent_checkpoint&subgraphs=1":  "",
		} {
			for _, path := range []string{"/state", "/state/" + place} {
				if a := s.must(200, alice, "GET", at+path+"?"+query, ""); want != "" {
					a.is(t, "", want)
				} else if a.at(t, "values") != "" || a.at(t, "parent_checkpoint", "thread_id") == "" {
					t.Errorf("%s has %s", query, a.Body)
				}
			}
		}
		s.must(200, alice, "GET", at+"/history?limit=1&select=values.word", "").is(t, "", "["+word+"]")
		s.must(200, alice, "POST", at+"/history", `{"limit": 1, "select": ["values.word"]}`).is(t, "", "["+word+"]")
		s.must(200, alice, "POST", at+"/history", `{"select": ["values.word"], "checkpoint": {"checkpoint_id": `+checkpoint+`}}`).is(t, "", "["+word+"]")
		s.must(200, alice, "POST", at+"/state/checkpoint", `{"select": ["values.word"]}`).is(t, "", word)
		s.must(200, alice, "POST", at+"/state/checkpoint", `{"select": ["values.word"], "checkpoint": {"checkpoint_id": `+checkpoint+`}}`).is(t, "", word)
		if whole := s.must(200, alice, "POST", at+"/state/checkpoint", `{"select": []}`); whole.at(t, "tasks", "1", "id") == "" {
			t.Errorf("nothing selected is %s", whole.Body)
		}
		for _, word := range []string{"owner", "values.", "checkpoint_id", "tasks.id", "VALUES"} {
			detail := s.must(422, alice, "GET", at+"/state?select="+word, "").field(t, "detail")
			if !strings.Contains(detail, word) || !strings.Contains(detail, "values.KEY") {
				t.Errorf("%s: %s", word, detail)
			}
			s.must(422, alice, "POST", at+"/history", `{"select": ["`+word+`"]}`)
			s.must(422, alice, "GET", at+"/history?select="+word, "")
		}
		s.must(404, bob, "GET", at+"/state?select=values.word", "")
		s.must(404, bob, "POST", at+"/history", `{"select": ["next"]}`)

		client, err := sdk.New(sdk.Config{URL: s.URL, Token: alice})
		check(t, err)
		state, err := client.Threads.StateAt(t.Context(), id, sdk.StateAt{Select: []string{"values.word"}})
		check(t, err)
		if string(state.Values) != `{"word":"x"}` || state.Next != nil {
			t.Errorf("the Go client reads %+v", state)
		}
	})
}
