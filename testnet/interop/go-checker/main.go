// Command go-checker reads a member's log with software that nobody here wrote: the notes, tiles and
// proofs of golang.org/x/mod/sumdb, which the Go checksum database is built on. What it accepts, any
// client of C2SP logs accepts.
//
//	go-checker check -member https://… -ca ca.pem -log <vkey> -cosigner <vkey>… -quorum n [-old file]
//	go-checker witness -log <vkey> -name <key name>
//
// check verifies the newest checkpoint, every leaf, inclusion, and consistency with an older
// checkpoint. witness is a small witness of C2SP tlog-witness; it forgets all when it ends.
// Exit code 1 and a line on standard error say what is wrong.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: go-checker check|witness|fold|histories|vectors …"))
	}
	var err error
	switch os.Args[1] {
	case "check":
		err = check(os.Args[2:])
	case "witness":
		err = witness(os.Args[2:])
	case "fold":
		err = foldCommand(os.Args[2:])
	case "histories":
		err = histories()
	case "vectors":
		err = vectors(os.Args[2:])
	default:
		err = fmt.Errorf("no such command")
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "go-checker:", err)
	os.Exit(1)
}
