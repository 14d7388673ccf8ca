package replay

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
)

// Request is a recorded request, and where it stands.
type Request struct {
	File string
	Line int // of the file; in a HAR file, the number of its entry

	Method, Target string
	Headers        [][2]string // as recorded, in their order
	Body           []byte
	Text           []byte // all of it as one HTTP/1.1 request that was received whole
}

// Capture is one request as a line of JSON : target and headers as sent, the body in
// base64.
type Capture struct {
	Method  string      `json:"method"`
	Target  string      `json:"target"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body_base64"`
}

// Lines reads the JSON lines of captures, and hands every request on. Host, where it is given, takes the place of the
// recorded one. An error says file and line.
func Lines(file string, r io.Reader, host string, each func(*Request) error) error {
	lines := withoutMark(r)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if errors.Is(err, errLong) {
			return fmt.Errorf("%s:%d: %w", file, number, err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			var c Capture
			if err := json.Unmarshal(line, &c); err != nil {
				return fmt.Errorf("%s:%d: this is no recorded request: one in JSON a line is right, { \"method\": \"GET\", "+
					"\"target\": ..., \"headers\": [[..., ...]], \"body_base64\": ... }, or an archive whose name ends in .har (%w)",
					file, number, noJSON(err))
			}
			body, err := base64.StdEncoding.DecodeString(c.Body)
			if err != nil {
				return fmt.Errorf("%s:%d: body_base64: %w", file, number, err)
			}
			if err := each(newRequest(file, number, c.Method, c.Target, c.Headers, body, host)); err != nil {
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

// longestLine is how long a line may be, in bytes: a request with the longest body that
// is received, in base64, is far shorter.
const longestLine = 64 << 20

var errLong = fmt.Errorf("the line has more than %d bytes: a recorded request in JSON a line is right", longestLine)

// readLine reads a line with what ends it, as [bufio.Reader.ReadBytes] does, of [longestLine] at most.
func readLine(from *bufio.Reader) (line []byte, err error) {
	for {
		part, err := from.ReadSlice('\n')
		if line = append(line, part...); len(line) > longestLine {
			return nil, errLong
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
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

// HAR reads an HTTP Archive, and hands every request on, as [Lines] does. It returns how many entries were passed over
// because they are no HTTP requests.
func HAR(file string, r io.Reader, host string, each func(*Request) error) (passed int, err error) {
	var h har
	if err := json.NewDecoder(withoutMark(r)).Decode(&h); err != nil {
		return 0, fmt.Errorf("%s: this is no HAR file: a browser's tools save one, { \"log\": { \"entries\": [...] } } (%w)",
			file, noJSON(err))
	}
	for i := range h.Log.Entries {
		q := &h.Log.Entries[i].Request
		u, err := url.Parse(q.URL)
		if err != nil {
			return passed, fmt.Errorf("%s: entry %d: the request has no absolute URL", file, i+1)
		}
		if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			passed++ // data:, blob:, an extension's own page
			continue
		}
		body, err := q.body()
		if err != nil {
			return passed, fmt.Errorf("%s: entry %d: postData: %w", file, i+1, err)
		}
		headers := [][2]string{{"Host", u.Host}}
		for _, header := range q.Headers {
			// HTTP/2 recordings hold pseudo-headers, which HTTP/1.1 says otherwise.
			if !strings.HasPrefix(header.Name, ":") && !strings.EqualFold(header.Name, "Host") {
				headers = append(headers, [2]string{header.Name, header.Value})
			}
		}
		if err := each(newRequest(file, i+1, q.Method, u.RequestURI(), headers, body, host)); err != nil {
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

// withoutMark reads on behind a byte order mark, as some tools write it.
func withoutMark(r io.Reader) *bufio.Reader {
	text := bufio.NewReader(r)
	if mark, err := text.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = text.Discard(3) // what was peeked at can be discarded
	}
	return text
}

func newRequest(file string, line int, method, target string, headers [][2]string, body []byte, host string) *Request {
	return &Request{file, line, method, target, headers, body, Text(method, target, headers, body, host)}
}

// Text writes a recorded request as one that was received whole. Host, where it is given, takes the place of the
// recorded one.
func Text(method, target string, headers [][2]string, body []byte, host string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	for _, h := range headers {
		if strings.EqualFold(h[0], "Content-Length") || strings.EqualFold(h[0], "Transfer-Encoding") || host != "" &&
			strings.EqualFold(h[0], "Host") {
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

// noJSON says in words what is wrong with JSON; other errors stay as they are.
func noJSON(err error) error {
	if wrong, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		kind, _, _ := strings.Cut(wrong.Value, " ") // what else is there is the file's
		if wrong.Field == "" {
			return fmt.Errorf("it is JSON of another kind: %s", kind)
		}
		return fmt.Errorf("at %s it has another kind: %s", wrong.Field, kind)
	}
	if wrong, is := errors.AsType[*json.SyntaxError](err); is {
		return fmt.Errorf("it is no JSON from byte %d on", wrong.Offset)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it breaks off")
	}
	return err
}
