package replay

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestReadsWhatWasRecorded: requests come in their order, with where they stand, behind a byte order mark as well.
func TestReadsWhatWasRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		read func(text string, each func(*Request) error) (int, error)
		text string
		want string // method, target, line and body of each
		err  string
	}{
		"lines": {lines, "\ufeff" + `{"method":"POST","target":"/a?b","headers":[["A","b"]],"body_base64":"eA=="}` + "\n\n" +
			`{"method":"GET","target":"/c"}`, "POST /a?b 1 x|GET /c 3 ", ""},
		"no JSON": {lines, "{\n", "", "file:1: this is no recorded request"},
		"raw": {lines, "GET /a HTTP/1.1\nHost: a\n\n", "",
			"or an archive whose name ends in .har (it is no JSON from byte 1 on)"},
		"a number":  {lines, "7", "", "(it is JSON of another kind: number)"},
		"a list":    {lines, `{"method":[1]}`, "", "(at method it has another kind: array)"},
		"broken":    {archive, `{"log":`, "", "{ \"log\": { \"entries\": [...] } } (it breaks off)"},
		"no base64": {lines, `{"body_base64":"?"}`, "", "file:1: body_base64"},
		"an archive": {archive, `{"log":{"entries":[{"request":{"method":"GET","url":"data:x"}},` +
			`{"request":{"method":"POST","url":"https://shop.example/a?b","headers":[{"name":":path","value":"/"}],` +
			`"postData":{"params":[{"name":"k","value":"v w"}]}}}]}}`, "POST /a?b 2 k=v+w", ""},
		"no archive": {archive, "[]", "",
			"file: this is no HAR file: a browser's tools save one, { \"log\": { \"entries\": [...] } } (it is JSON of another kind: array)"},
		"no address": {archive, `{"log":{"entries":[{"request":{"url":"%zz"}}]}}`, "",
			"entry 1: the request has no absolute URL"},
	} {
		var got []string
		_, err := c.read(c.text, func(r *Request) error {
			got = append(got, r.Method+" "+r.Target+" "+string(rune('0'+r.Line))+" "+string(r.Body))
			return nil
		})
		if strings.Join(got, "|") != c.want || (err == nil) != (c.err == "") || err != nil &&
			!strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	stop := errors.New("no more")
	if _, err := lines(`{"method":"GET"}`, func(*Request) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("stopped with %v", err)
	}
}

func lines(text string, each func(*Request) error) (int, error) {
	return 0, Lines("file", strings.NewReader(text), "shop.example", each)
}

func archive(text string, each func(*Request) error) (int, error) {
	return HAR("file", strings.NewReader(text), "", each)
}

// FuzzRecording: whatever a recording holds, it is read or refused, and what is read ends with its body.
func FuzzRecording(f *testing.F) {
	f.Add(`{"method":"POST","target":"/a","headers":[["Content-Length","7"]],"body_base64":"eA=="}`, false)
	f.Add(`{"log":{"entries":[{"request":{"method":"POST","url":"https://a/b","postData":{"text":"x"}}}]}}`, true)
	f.Fuzz(func(t *testing.T, text string, har bool) {
		read := lines
		if har {
			read = archive
		}
		_, _ = read(text, func(r *Request) error {
			if r.File != "file" || r.Line < 1 || !bytes.HasSuffix(r.Text, r.Body) ||
				!bytes.HasPrefix(r.Text, []byte(r.Method+" ")) {
				t.Errorf("%q is read as %+v", text, r)
			}
			return nil
		})
	})
}
