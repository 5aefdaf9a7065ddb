package compat

import (
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// symbols are the ids of a recording, which stand for ours: a symbol is bound by its first appearance, and then means that id alone.
type symbols struct {
	word *regexp.Regexp // any symbol of the scenario; nil if there are none
	ids  map[string]string
	of   map[string]string // the symbol of each of our ids
}

// newSymbols takes the scenario's table. Assistants of graphs have the same ids everywhere, which the table tells.
func newSymbols(table map[string]string) *symbols {
	s := &symbols{ids: map[string]string{}, of: map[string]string{}}
	var words []string
	for symbol, about := range table {
		words = append(words, regexp.QuoteMeta(symbol)+`\b`)
		if _, id, ok := strings.Cut(about, "uuid5 "); ok {
			s.bind(symbol, id)
		}
	}
	if len(words) > 0 {
		s.word = regexp.MustCompile(`\b(?:` + strings.Join(longestFirst(words), "|") + `)`)
	}
	return s
}

func (s *symbols) bind(symbol, id string) { s.ids[symbol], s.of[id] = id, symbol }

// fill puts our ids in place of symbols; one that was never seen gets a new id.
func (s *symbols) fill(text string) string {
	if s.word == nil {
		return text
	}
	return s.word.ReplaceAllStringFunc(text, func(symbol string) string {
		if s.ids[symbol] == "" {
			s.bind(symbol, uuid.NewString())
		}
		return s.ids[symbol]
	})
}

// placeholder is what differs with every recording.
var placeholder = regexp.MustCompile(`<(?:time|version|host|hash)>`)

// matches compares a recorded text to ours, and binds the symbols that it sees first.
func (s *symbols) matches(want, got string) bool {
	if want == got {
		return true
	}
	pattern, fresh := s.pattern(want)
	if pattern == "" {
		return false
	}
	found := regexp.MustCompile(pattern).FindStringSubmatch(got)
	if found == nil {
		return false
	}
	for i, symbol := range fresh {
		id := found[i+1]
		if s.ids[symbol] != "" && s.ids[symbol] != id || s.of[id] != "" && s.of[id] != symbol {
			return false
		}
		s.bind(symbol, id)
	}
	return true
}

// pattern is the expression of a recorded text with symbols or placeholders, whose groups are the symbols that are not bound yet.
func (s *symbols) pattern(want string) (pattern string, fresh []string) {
	var out strings.Builder
	at := 0
	for _, span := range s.spans(want) {
		out.WriteString(regexp.QuoteMeta(want[at:span[0]]))
		token := want[span[0]:span[1]]
		at = span[1]
		switch {
		case token[0] == '<':
			out.WriteString(`.+`)
		case s.ids[token] != "":
			out.WriteString(regexp.QuoteMeta(s.ids[token]))
		default:
			fresh = append(fresh, token)
			out.WriteString(`([0-9a-zA-Z_-]+)`)
		}
	}
	if at == 0 {
		return "", nil
	}
	return `^(?s:` + out.String() + regexp.QuoteMeta(want[at:]) + `)$`, fresh
}

func (s *symbols) spans(want string) [][]int {
	spans := placeholder.FindAllStringIndex(want, -1)
	if s.word != nil && spans == nil {
		spans = s.word.FindAllStringIndex(want, -1)
	}
	return spans
}
