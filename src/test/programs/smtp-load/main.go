// Command smtp-load brings mail to a relay that is measured, and takes what the relay delivers, for bench/relay.sh. It
// does what smtp-source and smtp-sink of Postfix do not: TLS, logins, sessions that resume, mail that is brought again
// after a broken connection, and recipients that are deferred or refused.
//
//	smtp-load send -to HOST:PORT ...
//	smtp-load receive ...
//
// Message N goes to rN@y.example.
package main

import (
	"fmt"
	"os"
)

func main() {
	command := ""
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	var err error
	switch command {
	case "send":
		err = send(os.Args[2:])
	case "receive":
		err = receive(os.Args[2:])
	default:
		err = fmt.Errorf("%q is not valid: use send or receive", command)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
