package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/bench/load"
)

// TestOthersPassHitsOn: nginx and HAProxy, as they are configured, bring a hit to whom it is for and the
// answer back; with Lua a parameter that is not listed, the visitor's id and cookies stay behind. Whose
// program is not on this machine says so.
func TestOthersPassHitsOn(t *testing.T) {
	hit := (&load.GA4{Host: host, Cookie: "secret=1"}).Append(nil, 4711)
	for _, c := range contenders() {
		switch c.name {
		case "nginx, bare proxy_pass", "HAProxy", "nginx with Lua: parameters listed, cid hashed":
		default:
			continue // ours are built for it
		}
		arrived, upstream := make(chan *http.Request, 1), listen(t)
		go func() {
			conn, err := upstream.Accept()
			if err != nil {
				return
			}
			defer conn.Close() //nolint:errcheck // nothing is lost with it
			request, err := http.ReadRequest(bufio.NewReader(conn))
			if err != nil {
				return
			}
			arrived <- request
			_, _ = conn.Write([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
		}()
		ctx, cancel := context.WithCancel(t.Context())
		var started processes
		_, address, err := c.start(ctx, &started, t.TempDir(), upstream.Addr().String())
		if errors.Is(err, errMissing) {
			if !strings.Contains(err.Error(), "package") {
				t.Errorf("%s: %v: of which package?", c.name, err)
			}
			cancel()
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(hit); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != http.StatusNoContent {
			t.Fatalf("%s: %v, %v\n%s", c.name, answer, err, started.all[0].errors.text())
		}
		_ = answer.Body.Close()
		request := <-arrived
		query, lua := request.URL.Query(), strings.Contains(c.name, "Lua")
		if query.Get("_s") != "4711" || !strings.Contains(request.URL.RawQuery, load.Marker+"4711&") ||
			query.Get("dl") == "" || request.Host != host {
			t.Errorf("%s: %s", c.name, request.URL)
		}
		if kept := query.Has("tfd") && strings.Contains(string(hit), "cid="+query.Get("cid")+"&") &&
			request.Header.Get("Cookie") != ""; kept == lua {
			t.Errorf("%s: %s, cookies %q", c.name, request.URL, request.Header.Get("Cookie"))
		}
		if lua && (query.Has("tfd") || len(query.Get("cid")) != 28 || request.Header.Get("Cookie") != "") {
			t.Errorf("%s: %s", c.name, request.URL)
		}
		if now, most, err := started.all[0].memory(); err != nil || now <= 0 || most < now {
			t.Errorf("%s: %d now, %d at most, %v", c.name, now, most, err)
		}
		_ = conn.Close()
		if err := started.end(); err != nil {
			t.Error(err)
		}
		cancel()
	}
}

// TestOneThatIsMissingIsLeftOut, and named; but for the first, which all are held against.
func TestOneThatIsMissingIsLeftOut(t *testing.T) {
	there := func(context.Context, *processes, string, string) (*process, string, error) { return nil, "x", nil }
	gone := func(context.Context, *processes, string, string) (*process, string, error) {
		return nil, "", errMissing
	}
	broken := func(context.Context, *processes, string, string) (*process, string, error) {
		return nil, "", errors.New("it does not start")
	}
	all := []contender{{name: "measure", start: there}, {name: "b", start: gone}, {name: "c", start: there}}
	left, missing, err := startAll(t.Context(), nil, t.TempDir(), "", all)
	if err != nil || len(left) != 2 || left[1].name != "c" || len(missing) != 1 {
		t.Errorf("%v, %v, %v", left, missing, err)
	}
	if _, _, err := startAll(t.Context(), nil, t.TempDir(), "", []contender{{start: gone}}); !errors.Is(err, errMissing) {
		t.Errorf("%v: nothing is held against nothing", err)
	}
	if _, _, err := startAll(t.Context(), nil, t.TempDir(), "", []contender{{start: there}, {start: broken}}); err == nil {
		t.Error("one that does not start is left out in silence")
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}
