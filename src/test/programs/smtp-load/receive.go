package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
)

// receiver takes mail and counts it.
type receiver struct {
	config  *tls.Config
	defers  int
	refuses int

	mutex sync.Mutex
	// Numbers of messages that have had an answer for good or for now, and of those taken.
	answered, taken map[int]bool
	messages        int
	signed          int
}

func receive(arguments []string) error {
	flags := flag.NewFlagSet("receive", flag.ExitOnError)
	defers := flags.Int("defer", 0, "of 100 messages so many get 451 when they first come")
	refuses := flags.Int("refuse", 0, "of 100 messages so many get 550")
	certificate := flags.String("certificate", "", "`file` with certificate chain and key; with it there are STARTTLS "+
		"and AUTH, which takes any login")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	r := &receiver{defers: *defers, refuses: *refuses, answered: map[int]bool{}, taken: map[int]bool{}}
	if *certificate != "" {
		pair, err := tls.LoadX509KeyPair(*certificate, *certificate)
		if err != nil {
			return err
		}
		r.config = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("port=%d\n", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go r.session(c)
		}
	}()
	// A line asks for the counts; who started this ends it with the end of the input.
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		r.mutex.Lock()
		fmt.Printf("messages=%d answered=%d taken=%d signed=%d\n", r.messages, len(r.answered), len(r.taken), r.signed)
		r.mutex.Unlock()
	}
	return nil
}

// recipient answers RCPT; -1 stands for a recipient without a number, such as that of a report.
func (r *receiver) recipient(number int) string {
	if number < 0 {
		return "250 2.1.5 Ok"
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	first := !r.answered[number]
	switch {
	case number%100 < r.defers && first:
		r.answered[number] = true
		return "451 4.2.0 come back later"
	case number%100 >= 100-r.refuses:
		r.answered[number] = true
		return "550 5.1.1 not here"
	default:
		return "250 2.1.5 Ok"
	}
}

func (r *receiver) took(numbers []int, signed bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.messages++
	if signed {
		r.signed++
	}
	for _, number := range numbers {
		r.answered[number] = true
		r.taken[number] = true
	}
}

func (r *receiver) session(c net.Conn) {
	defer func() { c.Close() }()
	in := bufio.NewReaderSize(c, 64<<10)
	out := bufio.NewWriter(c)
	say := func(reply string) {
		out.WriteString(reply)
		out.WriteString("\r\n")
	}
	say("220 sink.test ESMTP")
	secure := false
	var numbers []int
	recipients := 0
	for {
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		verb := line[:min(4, len(line))]
		switch string(bytes.ToUpper(verb)) {
		case "EHLO":
			say("250-sink.test")
			say("250-PIPELINING")
			if r.config != nil && !secure {
				say("250-STARTTLS")
			} else if r.config != nil {
				say("250-AUTH PLAIN")
			}
			say("250 8BITMIME")
		case "MAIL", "RSET":
			numbers, recipients = numbers[:0], 0
			say("250 2.1.0 Ok")
		case "RCPT":
			number := numberOf(line)
			reply := r.recipient(number)
			if reply[0] == '2' {
				recipients++
				if number >= 0 {
					numbers = append(numbers, number)
				}
			}
			say(reply)
		case "DATA":
			if recipients == 0 {
				// It came in one packet with RCPT (RFC 2920).
				say("503 5.5.1 no recipient")
				continue
			}
			say("354 go on")
			if out.Flush() != nil {
				return
			}
			signed, err := content(in)
			if err != nil {
				return
			}
			r.took(numbers, signed)
			say("250 2.0.0 Ok")
		case "AUTH":
			say("235 2.7.0 welcome")
		case "STAR":
			say("220 go on")
			if out.Flush() != nil {
				return
			}
			t := tls.Server(c, r.config)
			if t.Handshake() != nil {
				return
			}
			c = t
			in.Reset(t)
			out.Reset(t)
			secure = true
		case "QUIT":
			say("221 2.0.0 bye")
			out.Flush()
			return
		default:
			say("250 2.0.0 Ok")
		}
	}
}

// content reads a message to the dot that ends it; it says whether its header has a DKIM signature.
func content(in *bufio.Reader) (bool, error) {
	signed, header := false, true
	whole := true
	for {
		line, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			whole = false
			continue
		}
		if err != nil {
			return false, err
		}
		if whole && string(line) == ".\r\n" {
			return signed, nil
		}
		if header && whole {
			header = len(line) > 2
			signed = signed || bytes.HasPrefix(line, []byte("DKIM-Signature:"))
		}
		whole = true
	}
}

// numberOf reads N of RCPT TO:<rN@y.example>; -1 if there is none.
func numberOf(line []byte) int {
	begin := bytes.Index(line, []byte("<r"))
	end := bytes.Index(line, []byte("@y.example>"))
	if begin < 0 || end < begin+2 {
		return -1
	}
	number, err := strconv.Atoi(string(line[begin+2 : end]))
	if err != nil {
		return -1
	}
	return number
}
