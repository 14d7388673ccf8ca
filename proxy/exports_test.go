package proxy_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// siem takes messages of syslog.
type siem struct {
	net.Listener
	mu   sync.Mutex
	text []string
}

func startSIEM(t *testing.T) *siem {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &siem{Listener: listener}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.read(conn)
		}
	}()
	return s
}

func (s *siem) read(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		length, err := r.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSpace(length))
		if err != nil {
			return
		}
		message := make([]byte, n)
		if _, err := io.ReadFull(r, message); err != nil {
			return
		}
		s.mu.Lock()
		s.text = append(s.text, string(message))
		s.mu.Unlock()
	}
}

// records are those that came, in their order, by number.
func (s *siem) records() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]string{}
	for _, text := range s.text {
		_, rest, _ := strings.Cut(text, `number="`)
		number, _, _ := strings.Cut(rest, `"`)
		_, line, _ := strings.Cut(text, "] ")
		all[number] = line
	}
	return all
}

// TestRecordsAreSentOn: what is recorded comes to those who are to get it, as it stands on disk, with
// or without subjects; to whom is recorded first; a start goes on where the last one was; and none of
// it waits for a receiver that is gone.
func TestRecordsAreSentOn(t *testing.T) {
	t.Parallel()
	v, to := startVendor(t), startSIEM(t)
	var mu sync.Mutex
	var logs []string
	otel := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			return
		}
		text, _ := io.ReadAll(unpacked)
		mu.Lock()
		defer mu.Unlock()
		logs = append(logs, string(text))
	}))
	t.Cleanup(otel.Close)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := nobody.Close(); err != nil {
		t.Fatal(err)
	}
	file := folder(t, v.URL)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(text)+fmt.Sprintf(`ledger:
  export:
    - syslog: { name: siem, address: %q, tls: false, private: true }
      otlp: { name: otel, url: %q, private: true, subjects: false }
    - syslog: { name: nobody, address: %q, tls: false, private: true }
`, to.Addr(), otel.URL, nobody.Addr()))
	r := start(t, file)
	if a := r.send(t, get(pageView, consent)); a.status >= 300 || len(v.got()) != 1 {
		t.Fatalf("%d, %d", a.status, len(v.got()))
	}
	holds := func(kind string) func() bool {
		return func() bool {
			for _, line := range to.records() {
				if gjson.Get(line, "kind").Str == kind && (kind != "event" || gjson.Get(line, "subjects").Exists()) {
					return true
				}
			}
			return false
		}
	}
	until(t, "the event is sent", holds("event"))
	until(t, "to whom is said", holds("export"))
	until(t, "the logs are sent", func() bool {
		mu.Lock()
		defer mu.Unlock()
		all := strings.Join(logs, "")
		return strings.Contains(all, `"tagwarden.event"`) && strings.Contains(all, `"tagwarden.export"`)
	})
	mu.Lock()
	if all := strings.Join(logs, ""); strings.Contains(all, "tagwarden.subjects") ||
		!strings.Contains(all, `"stringValue":"permit"`) {
		t.Errorf("%s", all)
	}
	mu.Unlock()
	until(t, "nobody is told of", func() bool {
		return r.figure(t, `tagwarden_ledger_export_errors_total{receiver="nobody"}`) != "0"
	})
	if behind := r.figure(t, `tagwarden_ledger_export_behind_records{receiver="nobody"}`); behind == "0" {
		t.Error("who gets nothing is not behind")
	}
	if sent := r.figure(t, `tagwarden_ledger_export_sent_total{receiver="siem"}`); sent == "0" {
		t.Error("nothing is counted")
	}
	if err := r.stop(t); err != nil {
		t.Error(err)
	}

	r = start(t, file)
	until(t, "the end before is sent, too", holds("stop"))
	if err := r.stop(t); err != nil {
		t.Error(err)
	}
	sent := to.records()
	from := ledger.Read(filepath.Join(filepath.Dir(file), "data", "ledger"), 0)
	defer func() { _ = from.Close() }()
	first, missing := true, 0
	for from.Next() {
		number, _ := from.Number()
		line, is := sent[strconv.FormatUint(number, 10)]
		if is && line != string(from.Record()) {
			t.Errorf("record %d is sent as %s, and is %s", number, line, from.Record())
		}
		if is && first {
			if first = false; !strings.Contains(line, "records are sent to siem (127.0.0.1:") ||
				!strings.Contains(line, "otel") ||
				!strings.Contains(line, "without subjects") {
				t.Errorf("the first record is %s", line)
			}
		}
		if !is && !first {
			missing++
		} else if is && missing > 0 {
			t.Errorf("%d records before record %d were not sent", missing, number)
		}
	}
	if from.Err() != nil || first {
		t.Error(from.Err(), first)
	}
}
