package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// recorded is a hit out of a recording.
type recorded struct {
	file string
	line int // of the file; in a HAR file, the number of its entry
	text []byte
}

// recording reads HAR (by the ending .har) or the JSON lines of captures, and hands every hit on.
// It returns how many entries were passed over because they are no HTTP requests.
func recording(path, host string, each func(recorded) error) (passed int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	text := bufio.NewReader(f)
	if mark, err := text.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = text.Discard(3) // a byte order mark, as some tools write it; what was peeked at can be discarded
	}
	if strings.EqualFold(filepath.Ext(path), ".har") {
		return readHAR(path, text, host, each)
	}
	return 0, readLines(path, text, host, each)
}

// capture is one request as a line of JSON (see the README of captures): target and headers as sent, the body in base64.
type capture struct {
	Method  string      `json:"method"`
	Target  string      `json:"target"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body_base64"`
}

func readLines(path string, r io.Reader, host string, each func(recorded) error) error {
	lines := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var c capture
			if err := json.Unmarshal(line, &c); err != nil {
				return fmt.Errorf("%s:%d: this is no recorded request: %w", path, number, err)
			}
			body, err := base64.StdEncoding.DecodeString(c.Body)
			if err != nil {
				return fmt.Errorf("%s:%d: body_base64: %w", path, number, err)
			}
			if err := each(recorded{path, number, rawRequest(c.Method, c.Target, c.Headers, body, host)}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// har is what is read of an HTTP Archive 1.2.
type har struct {
	Log struct {
		Entries []struct {
			Request harRequest `json:"request"`
		} `json:"entries"`
	} `json:"log"`
}

type harRequest struct {
	Method   string                         `json:"method"`
	URL      string                         `json:"url"`
	Headers  []struct{ Name, Value string } `json:"headers"`
	PostData *struct {
		Text, Encoding string
		Params         []struct{ Name, Value string } // of a form, in place of its text
	} `json:"postData"`
}

func readHAR(path string, r io.Reader, host string, each func(recorded) error) (passed int, err error) {
	var h har
	if err := json.NewDecoder(r).Decode(&h); err != nil {
		return 0, fmt.Errorf("%s: this is no HAR file: %w", path, err)
	}
	for i := range h.Log.Entries {
		q := &h.Log.Entries[i].Request
		u, err := url.Parse(q.URL)
		if err != nil {
			return passed, fmt.Errorf("%s: entry %d: the request has no absolute URL", path, i+1)
		}
		if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			passed++ // data:, blob:, an extension's own page
			continue
		}
		body, err := q.body()
		if err != nil {
			return passed, fmt.Errorf("%s: entry %d: postData: %w", path, i+1, err)
		}
		headers := [][2]string{{"Host", u.Host}}
		for _, header := range q.Headers {
			// HTTP/2 recordings hold pseudo-headers, which HTTP/1.1 says otherwise.
			if !strings.HasPrefix(header.Name, ":") && !strings.EqualFold(header.Name, "Host") {
				headers = append(headers, [2]string{header.Name, header.Value})
			}
		}
		if err := each(recorded{path, i + 1, rawRequest(q.Method, u.RequestURI(), headers, body, host)}); err != nil {
			return passed, err
		}
	}
	return passed, nil
}

// body is what was sent, from whichever member the tool wrote it to.
func (q *harRequest) body() ([]byte, error) {
	data := q.PostData
	switch {
	case data == nil:
		return nil, nil
	case data.Encoding == "base64":
		return base64.StdEncoding.DecodeString(data.Text)
	case data.Text != "" || len(data.Params) == 0:
		return []byte(data.Text), nil
	}
	var form []string
	for _, param := range data.Params {
		form = append(form, url.QueryEscape(param.Name)+"="+url.QueryEscape(param.Value))
	}
	return []byte(strings.Join(form, "&")), nil
}

// rawRequest writes a recorded request as one that was received whole. Host, where it is given, takes the place of the recorded one.
func rawRequest(method, target string, headers [][2]string, body []byte, host string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	for _, h := range headers {
		if strings.EqualFold(h[0], "Content-Length") || strings.EqualFold(h[0], "Transfer-Encoding") || host != "" && strings.EqualFold(h[0], "Host") {
			continue
		}
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	if host != "" {
		fmt.Fprintf(&b, "Host: %s\r\n", host)
	}
	if len(body) > 0 || method == "POST" {
		fmt.Fprintf(&b, "Content-Length: %s\r\n", strconv.Itoa(len(body)))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// ask judges a raw request by a policy.
func (a *asking) ask(text []byte) (*rules.Explanation, error) {
	request, refused, err := wire.ParseRequest(text, a.from, a.policy.Trusted())
	if err != nil {
		return nil, err
	}
	q := a.question
	q.Request, q.Refused = request, refused
	x, err := a.policy.Explain(&q)
	if err == nil && !a.raw {
		mask(x)
	}
	return x, err
}

// asking is what explain and replay have in common.
type asking struct {
	policy   *rules.Policy
	question rules.Question
	from     netip.Addr
	raw      bool
}

// shown are the classes whose values say nothing of a person: they are shown as they are.
var shown = []string{"technical", "account", "container", "event_name", "consent_signal", "revenue", "product", "interaction", "performance", "cache_buster", "element"}

// mask hides the middle of what might identify somebody. What would be forwarded is shown as it is.
func mask(x *rules.Explanation) {
	hide := func(fields []rules.ExplainedField) {
		for i := range fields {
			if f := &fields[i]; !slices.Contains(shown, f.Class) && f.Before != f.After {
				f.Before = masked(f.Before)
			}
		}
	}
	hide(x.Shared)
	for i := range x.Events {
		hide(x.Events[i].Fields)
	}
}

func masked(value string) string {
	runes := []rune(value)
	switch n := len(runes); {
	case n == 0:
		return ""
	case n <= 6:
		return "…"
	case n <= 12:
		return string(runes[:2]) + "…" + string(runes[n-1:])
	default:
		return string(runes[:4]) + "…" + string(runes[n-2:])
	}
}
