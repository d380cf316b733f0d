package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Signed notes, verifier keys and checkpoints as strictly as docs/spec/log.md has them (rules 8 to 23),
// which is stricter than x/mod: one spelling, one rule for signatures.

const (
	noteBytesMax      = 1_000_000
	noteSignaturesMax = 100
	vkeyCharactersMax = 256
	algEd25519        = 1
)

// strictBase64 refuses unused bits that are not zero; line breaks it would pass over, so they are
// looked for first.
var strictBase64 = base64.StdEncoding.Strict()

func decodeBase64(text string) ([]byte, bool) {
	data, err := strictBase64.DecodeString(text)
	return data, err == nil && !strings.ContainsAny(text, "\r\n")
}

type verifierKey struct {
	text, name string
	hash       uint32
	algorithm  byte
	public     []byte
}

func parseVerifierKey(text string) (*verifierKey, bool) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || utf16Length(text) > vkeyCharactersMax || !isKeyName(parts[0]) {
		return nil, false
	}
	key, ok := decodeBase64(parts[2])
	if !ok || len(key) != 33 || (key[0] != algEd25519 && key[0] != algCosignature) {
		return nil, false
	}
	k := &verifierKey{text, parts[0], keyHash(parts[0], key), key[0], key[1:]}
	return k, fmt.Sprintf("%08x", k.hash) == parts[1]
}

func utf16Length(text string) int {
	n := 0
	for _, r := range text {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

func isKeyName(name string) bool {
	if name == "" || !utf8.ValidString(name) || strings.Contains(name, "+") {
		return false
	}
	for _, r := range name {
		if unicode.IsSpace(r) || r < 0x20 {
			return false
		}
	}
	return true
}

// cosignerKeyOf returns the key by which the owner of a log key cosigns.
func cosignerKeyOf(logKey *verifierKey) *verifierKey {
	public := append([]byte{algCosignature}, logKey.public...)
	return &verifierKey{"", logKey.name, keyHash(logKey.name, public), algCosignature, logKey.public}
}

type noteSignature struct {
	name  string
	hash  uint32
	bytes []byte
}

type signedNote struct {
	text       string
	signatures []noteSignature
}

// parseNote reads a note in its one spelling.
func parseNote(data string) (*signedNote, code) {
	if len(data) > noteBytesMax {
		return nil, "note_too_large"
	}
	if !utf8.ValidString(data) || strings.IndexFunc(data, func(r rune) bool { return r < 0x20 && r != '\n' }) >= 0 {
		return nil, "note_malformed"
	}
	split := strings.LastIndex(data, "\n\n")
	if split < 0 || !strings.HasSuffix(data, "\n") {
		return nil, "note_malformed"
	}
	n := &signedNote{text: data[:split+1]}
	block := data[split+2:]
	lines := strings.Split(strings.TrimSuffix(block, "\n"), "\n")
	if block == "" || len(lines) > noteSignaturesMax {
		return nil, "note_malformed"
	}
	for _, line := range lines {
		words := strings.Split(line, " ")
		if len(words) != 3 || words[0] != "\u2014" || !isKeyName(words[1]) {
			return nil, "note_malformed"
		}
		signature, ok := decodeBase64(words[2])
		if !ok || len(signature) < 5 {
			return nil, "note_malformed"
		}
		hash := binary.BigEndian.Uint32(signature)
		n.signatures = append(n.signatures, noteSignature{words[1], hash, signature[4:]})
	}
	return n, ""
}

// verify returns which of the keys have signed, each once, with the newest time of a cosignature. A bad
// signature by one of them spoils the note.
func (n *signedNote) verify(keys []*verifierKey) (map[*verifierKey]uint64, code) {
	signed := map[*verifierKey]uint64{}
	for _, signature := range n.signatures {
		for _, key := range keys {
			if key.name != signature.name || key.hash != signature.hash {
				continue
			}
			seconds, ok := verifyNoteSignature(key, n.text, signature.bytes)
			if !ok {
				return nil, "note_signature_invalid"
			}
			if signed[key] <= seconds {
				signed[key] = seconds
			}
		}
	}
	return signed, ""
}

func verifyNoteSignature(key *verifierKey, text string, signature []byte) (uint64, bool) {
	if key.algorithm == algEd25519 {
		return 0, verifySignature(key.public, []byte(text), signature)
	}
	if len(signature) != 72 {
		return 0, false
	}
	seconds := binary.BigEndian.Uint64(signature)
	message := cosignedMessage(seconds, []byte(text))
	return seconds, seconds <= integerMax && verifySignature(key.public, message, signature[8:])
}

// A signedCheckpoint is what a log signed, and when its cosigners saw it.
type signedCheckpoint struct {
	origin string
	size   int64
	root   [32]byte
	// Seconds since 1970 by cosigner's name.
	cosigned map[string]uint64
}

// verifyCheckpoint verifies a checkpoint by its log's key, and its cosignatures by those of members.
func verifyCheckpoint(data string, logKey *verifierKey, cosigners []*verifierKey) (*signedCheckpoint, code) {
	n, bad := parseNote(data)
	if bad != "" {
		return nil, bad
	}
	signed, bad := n.verify(append([]*verifierKey{logKey}, cosigners...))
	if bad != "" {
		return nil, bad
	}
	if _, ok := signed[logKey]; !ok {
		return nil, "note_signature_missing"
	}
	c, ok := parseStrictCheckpoint(n.text)
	if !ok {
		return nil, "checkpoint_malformed"
	}
	if c.origin != logKey.name {
		return nil, "checkpoint_origin_mismatch"
	}
	for _, key := range cosigners {
		if seconds, ok := signed[key]; ok {
			c.cosigned[key.name] = seconds
		}
	}
	return c, ""
}

func parseStrictCheckpoint(text string) (*signedCheckpoint, bool) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return nil, false
	}
	size, ok := parseSize(lines[1])
	root, isBase64 := decodeBase64(lines[2])
	if !ok || !isBase64 || len(root) != 32 {
		return nil, false
	}
	c := &signedCheckpoint{origin: lines[0], size: size, cosigned: map[string]uint64{}}
	copy(c.root[:], root)
	return c, size > 0 || c.root == sha256.Sum256(nil)
}

// parseSize reads a decimal number without leading zeros.
func parseSize(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0 && n <= integerMax && strconv.FormatInt(n, 10) == text
}
