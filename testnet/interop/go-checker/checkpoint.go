package main

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// parseCheckpoint reads origin, size and root from the text of a note (C2SP tlog-checkpoint).
func parseCheckpoint(text string) (string, tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return "", tlog.Tree{}, fmt.Errorf("checkpoint is not three lines")
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != lines[1] {
		return "", tlog.Tree{}, fmt.Errorf("checkpoint has no size")
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		return "", tlog.Tree{}, err
	}
	return lines[0], tlog.Tree{N: n, Hash: hash}, nil
}

// openCheckpoint verifies a note by the log's key and returns its tree and who cosigned it.
func openCheckpoint(msg []byte, log note.Verifier, cosigners []note.Verifier) (tlog.Tree, []string, error) {
	n, err := note.Open(msg, note.VerifierList(append([]note.Verifier{log}, cosigners...)...))
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	origin, tree, err := parseCheckpoint(n.Text)
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	if origin != log.Name() {
		return tlog.Tree{}, nil, fmt.Errorf("checkpoint is of another log")
	}
	signed := false
	var cosigned []string
	for _, sig := range n.Sigs {
		if sig.Name == log.Name() && sig.Hash == log.KeyHash() {
			signed = true
		} else {
			cosigned = append(cosigned, sig.Name)
		}
	}
	if !signed {
		return tlog.Tree{}, nil, fmt.Errorf("the log has not signed the checkpoint")
	}
	return tree, cosigned, nil
}
