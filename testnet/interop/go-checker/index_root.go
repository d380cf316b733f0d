package main

import (
	"crypto/sha256"
	"strings"
)

// What a member signs of its index (docs/spec/index.md, rules 18 to 22).

const (
	indexLogsMax = 16
	originMax    = 128
)

type signedIndexRoot struct {
	ruleset       int64
	charter, root id
	logs          []recordedLog
}

// verifyIndexRoot verifies a member's note about its index by its log key.
func verifyIndexRoot(data string, logKey *verifierKey) (*signedIndexRoot, code) {
	n, bad := parseNote(data)
	if bad != "" {
		return nil, bad
	}
	signed, bad := n.verify([]*verifierKey{logKey})
	if bad != "" {
		return nil, bad
	}
	if _, ok := signed[logKey]; !ok {
		return nil, "note_signature_missing"
	}
	root, ok := parseIndexRoot(strings.Split(strings.TrimSuffix(n.text, "\n"), "\n"))
	if !ok {
		return nil, "index_root_malformed"
	}
	return root, ""
}

func parseIndexRoot(lines []string) (*signedIndexRoot, bool) {
	if len(lines) < 5 || len(lines) > 4+indexLogsMax || lines[0] != "callbook/1 index" {
		return nil, false
	}
	r := &signedIndexRoot{}
	var isNumber, isHash, isRoot bool
	r.ruleset, isNumber = parseSize(lines[1])
	r.charter, isHash = parseHash(lines[2])
	r.root, isRoot = parseHash(lines[3])
	if !isNumber || !isHash || !isRoot || r.ruleset < 1 {
		return nil, false
	}
	for _, line := range lines[4:] {
		log, ok := parseLogLine(line)
		if !ok || (len(r.logs) > 0 && r.logs[len(r.logs)-1].origin >= log.origin) {
			return nil, false
		}
		r.logs = append(r.logs, log)
	}
	return r, true
}

func parseLogLine(line string) (recordedLog, bool) {
	words := strings.Split(line, " ")
	if len(words) != 3 || words[0] == "" || len(words[0]) > originMax {
		return recordedLog{}, false
	}
	size, ok := parseSize(words[1])
	_, isHash := parseHash(words[2])
	log := recordedLog{origin: words[0], size: size, root: words[2]}
	return log, ok && isHash && !log.isFalselyEmpty()
}

// parseHash reads 32 bytes in base64 with padding.
func parseHash(text string) (id, bool) {
	var hash id
	data, ok := decodeBase64(text)
	copy(hash[:], data)
	return hash, ok && len(data) == sha256.Size
}
