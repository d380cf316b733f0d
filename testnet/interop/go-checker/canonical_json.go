package main

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Canonical JSON (RFC 8785) with integers only (docs/spec/charter.md, rules 1 to 5). A value is read,
// and refused unless it encodes to the very text. encoding/json would take lone surrogates, repeated
// names and numbers beyond 2^53, so it is not used.

// object is a JSON object; arrays are []any, numbers int64.
type object map[string]any

type jsonReader struct{ rest string }

// parseCanonicalJSON reads one value; anything but its one encoding is false.
func parseCanonicalJSON(text string) (any, bool) {
	if !utf8.ValidString(text) {
		return nil, false
	}
	r := &jsonReader{text}
	value, ok := r.value(0)
	return value, ok && r.rest == "" && encodeJSON(value) == text
}

func (r *jsonReader) value(depth int) (any, bool) {
	switch {
	case r.skip("null"):
		return nil, true
	case r.skip("true"):
		return true, true
	case r.skip("false"):
		return false, true
	case r.skip(`"`):
		return r.text()
	case r.skip("{"):
		return r.object(depth + 1)
	case r.skip("["):
		return r.array(depth + 1)
	}
	end := strings.IndexFunc(r.rest, func(c rune) bool { return c != '-' && (c < '0' || c > '9') })
	if end < 0 {
		end = len(r.rest)
	}
	n, err := strconv.ParseInt(r.rest[:end], 10, 64)
	r.rest = r.rest[end:]
	return n, err == nil && n >= -integerMax && n <= integerMax
}

func (r *jsonReader) skip(prefix string) bool {
	found := strings.HasPrefix(r.rest, prefix)
	r.rest = strings.TrimPrefix(r.rest, prefix)
	return found
}

func (r *jsonReader) object(depth int) (any, bool) {
	result := object{}
	if depth > nestingMax {
		return nil, false
	}
	if r.skip("}") {
		return result, true
	}
	for {
		if !r.skip(`"`) {
			return nil, false
		}
		name, ok := r.text()
		if _, twice := result[name]; !ok || twice || !r.skip(":") {
			return nil, false
		}
		if result[name], ok = r.value(depth); !ok {
			return nil, false
		}
		if r.skip("}") {
			return result, true
		}
		if !r.skip(",") {
			return nil, false
		}
	}
}

func (r *jsonReader) array(depth int) (any, bool) {
	result := []any{}
	if depth > nestingMax {
		return nil, false
	}
	if r.skip("]") {
		return result, true
	}
	for {
		value, ok := r.value(depth)
		if !ok {
			return nil, false
		}
		result = append(result, value)
		if r.skip("]") {
			return result, true
		}
		if !r.skip(",") {
			return nil, false
		}
	}
}

// escapes are those that RFC 8785 §3.2.2.2 has.
var escapes = map[byte]rune{'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', '"': '"', '\\': '\\'}

func (r *jsonReader) text() (string, bool) {
	var text strings.Builder
	for {
		end := strings.IndexAny(r.rest, `"\`)
		if end < 0 {
			return "", false
		}
		text.WriteString(r.rest[:end])
		isEnd := r.rest[end] == '"'
		r.rest = r.rest[end+1:]
		if isEnd {
			return text.String(), true
		}
		if r.rest == "" {
			return "", false
		}
		if c, ok := escapes[r.rest[0]]; ok {
			text.WriteRune(c)
			r.rest = r.rest[1:]
			continue
		}
		if r.rest[0] != 'u' || len(r.rest) < 5 {
			return "", false
		}
		// Only control characters are written so; re-encoding refuses the others.
		n, err := strconv.ParseUint(r.rest[1:5], 16, 16)
		if err != nil || n >= 0x20 {
			return "", false
		}
		text.WriteRune(rune(n))
		r.rest = r.rest[5:]
	}
}

func encodeJSON(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return encodeText(v)
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = encodeJSON(item)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case object:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Slice(names, func(i, j int) bool { return isBeforeUTF16(names[i], names[j]) })
		for i, name := range names {
			names[i] = encodeText(name) + ":" + encodeJSON(v[name])
		}
		return "{" + strings.Join(names, ",") + "}"
	}
	panic("no value of JSON")
}

// isBeforeUTF16 orders names by their UTF-16 code units (RFC 8785 §3.2.3).
func isBeforeUTF16(a, b string) bool {
	x, y := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for i := range x {
		if i >= len(y) {
			return false
		}
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return len(x) < len(y)
}

func encodeText(text string) string {
	var encoded strings.Builder
	encoded.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			encoded.WriteString(`\` + string(r))
		case r < 0x20:
			if i := strings.IndexRune("\b\t\n\f\r", r); i >= 0 {
				encoded.WriteString(`\` + "btnfr"[i:i+1])
			} else {
				encoded.WriteString(`\u00` + strconv.FormatUint(uint64(r)+0x100, 16)[1:])
			}
		default:
			encoded.WriteRune(r)
		}
	}
	encoded.WriteByte('"')
	return encoded.String()
}
