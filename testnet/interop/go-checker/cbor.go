package main

import (
	"bytes"
	"encoding/binary"
	"sort"
	"unicode/utf8"
)

// Deterministic CBOR (docs/spec/signatures.md, rules 1 to 8): integers, byte and text strings, arrays,
// maps with text keys, true, false, null. Values are int64, []byte, string, []any, fields, bool, nil.

const (
	nestingMax = 8
	integerMax = 1<<53 - 1
)

// fields is a map of CBOR.
type fields map[string]any

type cborReader struct {
	data []byte
}

// parseCBOR reads exactly one item; anything but its one encoding is false.
func parseCBOR(data []byte) (any, bool) {
	r := &cborReader{data}
	value, ok := r.item(0)
	return value, ok && len(r.data) == 0
}

func (r *cborReader) item(depth int) (any, bool) {
	major, n, ok := r.head()
	if !ok {
		return nil, false
	}
	switch major {
	case 0, 1:
		return integer(major, n)
	case 2:
		return r.take(n)
	case 3:
		text, ok := r.take(n)
		return string(text), ok && utf8.Valid(text)
	case 4, 5:
		// An item takes at least one byte, so a length beyond what is left is refused at once.
		if depth == nestingMax || n > uint64(len(r.data)) {
			return nil, false
		}
		if major == 4 {
			return r.array(n, depth+1)
		}
		return r.fields(n, depth+1)
	}
	return simple(n)
}

func integer(major byte, n uint64) (any, bool) {
	if major == 0 {
		return int64(n), n <= integerMax
	}
	// The value is -1 - n.
	if n >= integerMax {
		return nil, false
	}
	return -1 - int64(n), true
}

func simple(n uint64) (any, bool) {
	switch n {
	case 20:
		return false, true
	case 21:
		return true, true
	case 22:
		return nil, true
	}
	return nil, false
}

// head reads an item's major type and its number, which must be in its shortest form.
func (r *cborReader) head() (byte, uint64, bool) {
	if len(r.data) == 0 {
		return 0, 0, false
	}
	first := r.data[0]
	r.data = r.data[1:]
	major, low := first>>5, first&31
	if major == 6 || low > 27 {
		return 0, 0, false
	}
	if low < 24 {
		return major, uint64(low), true
	}
	if major == 7 {
		return 0, 0, false
	}
	size := 1 << (low - 24)
	bytes, ok := r.take(uint64(size))
	if !ok {
		return 0, 0, false
	}
	n := binary.BigEndian.Uint64(append(make([]byte, 8-size), bytes...))
	least := [4]uint64{24, 1 << 8, 1 << 16, 1 << 32}[low-24]
	return major, n, n >= least
}

func (r *cborReader) take(n uint64) ([]byte, bool) {
	if n > uint64(len(r.data)) {
		return nil, false
	}
	taken := r.data[:n:n]
	r.data = r.data[n:]
	return taken, true
}

func (r *cborReader) array(n uint64, depth int) (any, bool) {
	items := []any{}
	for ; n > 0; n-- {
		value, ok := r.item(depth)
		if !ok {
			return nil, false
		}
		items = append(items, value)
	}
	return items, true
}

func (r *cborReader) fields(n uint64, depth int) (any, bool) {
	result := fields{}
	var before []byte
	for ; n > 0; n-- {
		start := r.data
		key, ok := r.item(depth)
		name, isText := key.(string)
		if !ok || !isText {
			return nil, false
		}
		// Keys ascend in the bytewise order of their encodings.
		encoded := start[:len(start)-len(r.data)]
		if before != nil && bytes.Compare(before, encoded) >= 0 {
			return nil, false
		}
		before = encoded
		if result[name], ok = r.item(depth); !ok {
			return nil, false
		}
	}
	return result, true
}

// encodeCBOR returns the one encoding of a value that parseCBOR can give.
func encodeCBOR(value any) []byte {
	switch v := value.(type) {
	case nil:
		return []byte{0xf6}
	case bool:
		if v {
			return []byte{0xf5}
		}
		return []byte{0xf4}
	case int64:
		if v < 0 {
			return encodeHead(1, uint64(-1-v))
		}
		return encodeHead(0, uint64(v))
	case []byte:
		return append(encodeHead(2, uint64(len(v))), v...)
	case string:
		return append(encodeHead(3, uint64(len(v))), v...)
	case []any:
		encoded := encodeHead(4, uint64(len(v)))
		for _, item := range v {
			encoded = append(encoded, encodeCBOR(item)...)
		}
		return encoded
	case fields:
		return encodeFields(v)
	}
	panic("no value of CBOR")
}

func encodeFields(values fields) []byte {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, string(encodeCBOR(key)))
	}
	sort.Strings(keys)
	encoded := encodeHead(5, uint64(len(values)))
	for _, key := range keys {
		name, _ := parseCBOR([]byte(key))
		encoded = append(append(encoded, key...), encodeCBOR(values[name.(string)])...)
	}
	return encoded
}

func encodeHead(major byte, n uint64) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 1<<8:
		return []byte{major<<5 | 24, byte(n)}
	case n < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32([]byte{major<<5 | 26}, uint32(n))
	}
	return binary.BigEndian.AppendUint64([]byte{major<<5 | 27}, n)
}
