package store

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFolded is how long a text may be, in characters, whose letters are looked for in all their forms: databases bound what they take for
// a pattern.
const maxFolded = 256

// namedLike renders the condition that the name of an assistant AS t has text in it, whatever the case of either. The databases' own
// lower knows the letters of ASCII only, or those of a locale that someone has chosen, so every letter becomes the class of its forms.
func namedLike(dialect, text string) (sql string, arg any) {
	text = strings.ReplaceAll(text, "\x00", "\ufffd")
	long := utf8.RuneCountInString(text) > maxFolded
	switch {
	case dialect == Postgres && long:
		return "strpos(lower(t.name), lower(?)) > 0", text
	case dialect == Postgres:
		return "t.name ~ ?", folded(text, func(r rune) string {
			if strings.ContainsRune(`\.^$*+?()[]{}|`, r) {
				return `\` + string(r)
			}
			return string(r)
		})
	case long:
		return "instr(lower(t.name), lower(?)) > 0", text
	}
	return "t.name GLOB ?", "*" + folded(text, func(r rune) string {
		if strings.ContainsRune(`*?[`, r) {
			return "[" + string(r) + "]"
		}
		return string(r)
	}) + "*"
}

// folded is a pattern for text: a class of all its forms for each letter, and what quote makes of everything else.
func folded(text string, quote func(rune) string) string {
	var b strings.Builder
	for _, r := range text {
		forms := []rune{r}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			forms = append(forms, f)
		}
		if len(forms) == 1 {
			b.WriteString(quote(r))
			continue
		}
		b.WriteString("[" + string(forms) + "]")
	}
	return b.String()
}
