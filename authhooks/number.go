package authhooks

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// scalar brings a Go value into the form that filters hold: string, bool, int64, or float64 for what no int64 is. It
// reports false for what is no scalar and for a number that neither can hold exactly.
func scalar(value any) (any, bool) {
	if n, ok := value.(json.Number); ok {
		return number(string(n))
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.String:
		return v.String(), true
	case reflect.Bool:
		return v.Bool(), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return number(strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		return whole(v.Float()), true
	default:
		return nil, false
	}
}

// whole returns an int64 for a float that is one.
func whole(f float64) any {
	if f == math.Trunc(f) && f >= -1<<63 && f < 1<<63 {
		return int64(f)
	}
	return f
}

// number reads a JSON number into an int64 or float64 that says exactly what it says.
func number(text string) (any, bool) {
	d, ok := parseDecimal(text)
	if !ok {
		return nil, false
	}
	if n, ok := d.int64(); ok {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || decimalOf(f) != d {
		return nil, false
	}
	return f, true
}

// equal compares a filter's value with one that a row has, as JSON.
func equal(want, value any) bool {
	switch want := want.(type) {
	case string:
		got, ok := text(value)
		return ok && got == want
	case bool:
		v := reflect.ValueOf(value)
		return v.Kind() == reflect.Bool && v.Bool() == want
	}
	if n, ok := value.(json.Number); ok { // may be longer than any Go number
		if got, err := strconv.ParseInt(string(n), 10, 64); err == nil {
			return want == got
		}
		got, ok := parseDecimal(string(n))
		return ok && got == decimalOf(want)
	}
	got, ok := scalar(value)
	return ok && got == want
}

// text returns a JSON string. A json.Number is none, though its kind is string.
func text(value any) (string, bool) {
	if s, ok := value.(string); ok {
		return s, true
	}
	if _, ok := value.(json.Number); ok {
		return "", false
	}
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.String {
		return "", false
	}
	return v.String(), true
}

// decimal is a number as it is written, so that numbers beyond 2^53 and beyond int64 are still told apart:
// 0.digits * 10^exponent, without zeros at either end of digits; zero has no digits. Equal numbers are equal structs.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

// decimalOf returns the decimal of an int64 or float64. A float64 is its shortest text, as encoding/json writes it.
func decimalOf(number any) decimal {
	var text string
	switch n := number.(type) {
	case int64:
		text = strconv.FormatInt(n, 10)
	case float64:
		text = strconv.FormatFloat(n, 'e', -1, 64)
	}
	d, _ := parseDecimal(text)
	return d
}

// parseDecimal reads the text of a JSON number.
func parseDecimal(text string) (decimal, bool) {
	body, negative := strings.CutPrefix(text, "-")
	isDigit := func(c byte) bool { return '0' <= c && c <= '9' }
	if body == "" || !isDigit(body[0]) || !isDigit(body[len(body)-1]) || !json.Valid([]byte(text)) {
		return decimal{}, false
	}
	exponent := 0
	if i := strings.IndexAny(body, "eE"); i >= 0 {
		e, err := strconv.Atoi(body[i+1:])
		if err != nil || e > 1<<30 || e < -1<<30 {
			return decimal{}, false
		}
		body, exponent = body[:i], e
	}
	before, after, _ := strings.Cut(body, ".")
	digits := strings.TrimLeft(before+after, "0")
	exponent += len(before) - (len(before+after) - len(digits))
	digits = strings.TrimRight(digits, "0")
	if digits == "" {
		return decimal{}, true
	}
	return decimal{negative, digits, exponent}, true
}

// int64 returns d as one, if it is.
func (d decimal) int64() (int64, bool) {
	if d.digits == "" {
		return 0, true
	}
	zeros := d.exponent - len(d.digits)
	if zeros < 0 || d.exponent > 19 {
		return 0, false
	}
	text := d.digits + strings.Repeat("0", zeros)
	if d.negative {
		text = "-" + text
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}
