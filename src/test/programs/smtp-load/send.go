package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// How long a reply may take, and how long a message is brought again: a relay under load that was just killed, and
// starts again.
const patience = 2 * time.Minute

// Least pause of a client whose connection broke, before it connects again; twice that is the longest. Shorter ones
// would take the time that the relay needs to start.
const pause = 50 * time.Millisecond

// sender is what all sessions of a run share.
type sender struct {
	to            string
	perConnection int
	certificate   []byte
	resume        bool
	login         string
	retry         bool
	message       []byte
	first         int
	messages      int

	next        atomic.Int64
	connections atomic.Int64
	resumed     atomic.Int64
	failed      atomic.Bool

	mutex sync.Mutex
	times []time.Duration
	last  time.Time
	gap   time.Duration
}

// refused is a reply that a repetition does not change.
type refused struct{ reply string }

func (r refused) Error() string { return "refused: " + r.reply }

func send(arguments []string) error {
	flags := flag.NewFlagSet("send", flag.ExitOnError)
	to := flags.String("to", "", "`host:port` of the relay")
	sessions := flags.Int("sessions", 40, "how many are open at once")
	messages := flags.Int("messages", 1000, "in all")
	first := flags.Int("first", 0, "number of the first message")
	octets := flags.Int("octets", 10240, "of a message")
	perConnection := flags.Int("per-connection", 0, "messages of a connection; 0 for all")
	startTLS := flags.String("starttls", "", "`file` with the relay's certificate; without it there is no TLS")
	resume := flags.Bool("resume", false, "sessions of TLS resume the one before")
	user := flags.String("user", "", "who logs in, with the password that SMTP_PASSWORD holds")
	retry := flags.Bool("retry", false, "bring a message again after a broken connection or a 4yz, and tell when half are accepted")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	s := &sender{to: *to, perConnection: *perConnection, resume: *resume, retry: *retry, first: *first,
		messages: *messages, message: message(*octets), times: make([]time.Duration, 0, *messages)}
	if *user != "" {
		s.login = base64.StdEncoding.EncodeToString([]byte("\x00" + *user + "\x00" + os.Getenv("SMTP_PASSWORD")))
	}
	if *startTLS != "" {
		text, err := os.ReadFile(*startTLS)
		if err != nil {
			return err
		}
		block, _ := pem.Decode(text)
		if block == nil {
			return fmt.Errorf("%s has no certificate", *startTLS)
		}
		s.certificate = block.Bytes
	}
	s.last = time.Now()
	ends := make(chan error, *sessions)
	for range *sessions {
		go func() { ends <- s.session() }()
	}
	var errs []error
	for range *sessions {
		errs = append(errs, <-ends)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	slices.Sort(s.times)
	fmt.Printf("messages=%d connections=%d resumed=%d p50=%.4f p99=%.4f gap=%.4f\n", len(s.times),
		s.connections.Load(), s.resumed.Load(), millis(s.times[len(s.times)/2]),
		millis(s.times[len(s.times)*99/100]), millis(s.gap))
	return nil
}

func millis(d time.Duration) float64 { return float64(d) / 1e6 }

// message is one of about so many octets, with the dot that ends it.
func message(octets int) []byte {
	var text bytes.Buffer
	text.WriteString("From: <a@b.example>\r\nTo: <x@y.example>\r\nSubject: measured\r\n" +
		"Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@b.example>\r\n\r\n")
	for text.Len() < octets {
		text.WriteString(strings.Repeat("X", 78) + "\r\n")
	}
	text.WriteString(".\r\n")
	return text.Bytes()
}

// session brings one message after the other until all are accepted.
func (s *sender) session() error {
	// An application that resumes has a cache of its own.
	config := &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS13,
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
		// It knows the certificate, and need not take the relay's time to go through the chain.
		InsecureSkipVerify: true, VerifyConnection: s.known}
	if s.resume {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	}
	var c *connection
	defer func() { c.close() }()
	for !s.failed.Load() {
		n := int(s.next.Add(1)) - 1
		if n >= s.messages {
			if c == nil {
				return nil
			}
			if err := c.quit(); !s.retry {
				return err
			}
			return nil
		}
		began := time.Now()
		for {
			err := s.bring(&c, config, s.first+n)
			if err == nil {
				break
			}
			c.close()
			c = nil
			var no refused
			if !s.retry || errors.As(err, &no) || s.failed.Load() || time.Since(began) > patience {
				s.failed.Store(true)
				return err
			}
			time.Sleep(pause + rand.N(pause))
		}
		s.accepted(time.Since(began))
	}
	return nil
}

func (s *sender) known(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 || !bytes.Equal(state.PeerCertificates[0].Raw, s.certificate) {
		return refused{"the relay shows another certificate"}
	}
	return nil
}

func (s *sender) accepted(took time.Duration) {
	now := time.Now()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.times = append(s.times, took)
	s.gap = max(s.gap, now.Sub(s.last))
	s.last = now
	if s.retry && len(s.times) == s.messages/2 {
		fmt.Println("half=accepted")
	}
}

func (s *sender) bring(c **connection, config *tls.Config, number int) error {
	if *c == nil {
		opened, err := s.connect(config)
		if err != nil {
			return err
		}
		*c = opened
	}
	if err := (*c).bring(s.message, number); err != nil {
		return err
	}
	(*c).brought++
	if (*c).brought == s.perConnection {
		// The message is accepted, whatever becomes of QUIT.
		err := (*c).quit()
		*c = nil
		if err != nil && !s.retry {
			return err
		}
	}
	return nil
}

type connection struct {
	net.Conn
	in      *bufio.Reader
	out     []byte
	brought int
}

func (s *sender) connect(config *tls.Config) (*connection, error) {
	raw, err := net.DialTimeout("tcp", s.to, patience)
	if err != nil {
		return nil, err
	}
	s.connections.Add(1)
	c := &connection{Conn: raw, in: bufio.NewReader(raw)}
	if err := s.greet(c, config); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (s *sender) greet(c *connection, config *tls.Config) error {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if err := c.expect("220"); err != nil {
		return err
	}
	if err := c.say("EHLO localhost", "250"); err != nil {
		return err
	}
	if s.certificate != nil {
		if err := c.say("STARTTLS", "220"); err != nil {
			return err
		}
		secure := tls.Client(c.Conn, config)
		if err := secure.Handshake(); err != nil {
			return err
		}
		if secure.ConnectionState().DidResume {
			s.resumed.Add(1)
		}
		c.Conn = secure
		c.in.Reset(secure)
		if err := c.say("EHLO localhost", "250"); err != nil {
			return err
		}
	}
	if s.login != "" {
		return c.say("AUTH PLAIN "+s.login, "235")
	}
	return nil
}

func (c *connection) bring(message []byte, number int) error {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if err := c.say("MAIL FROM:<a@b.example>", "250"); err != nil {
		return err
	}
	if err := c.say("RCPT TO:<r"+strconv.Itoa(number)+"@y.example>", "250"); err != nil {
		return err
	}
	if err := c.say("DATA", "354"); err != nil {
		return err
	}
	if _, err := c.Write(message); err != nil {
		return err
	}
	return c.expect("250")
}

func (c *connection) say(line, code string) error {
	c.out = append(append(c.out[:0], line...), "\r\n"...)
	if _, err := c.Write(c.out); err != nil {
		return err
	}
	return c.expect(code)
}

func (c *connection) expect(code string) error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) > 3 && line[3] == '-' {
			continue
		}
		reply := strings.TrimRight(string(line), "\r\n")
		switch {
		case strings.HasPrefix(reply, code):
			return nil
		case strings.HasPrefix(reply, "5"):
			return refused{reply}
		default:
			return fmt.Errorf("expected %s, got %s", code, reply)
		}
	}
}

func (c *connection) quit() error {
	defer c.close()
	if err := c.say("QUIT", "221"); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (c *connection) close() {
	if c != nil {
		c.Conn.Close()
	}
}
