package proxy_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// inDeflate is a text in one of the two forms of "deflate".
func inDeflate(form, text string) string {
	var b bytes.Buffer
	var w io.WriteCloser = zlib.NewWriter(&b)
	if form == "raw" {
		w, _ = flate.NewWriter(&b, flate.BestSpeed)
	}
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// inside takes a layer off a body, of which nothing may be left over.
func inside(layer string, body []byte) (string, error) {
	source := bytes.NewReader(body)
	var r io.Reader
	var err error
	switch layer {
	case "gzip":
		var z *gzip.Reader
		if z, err = gzip.NewReader(source); err == nil {
			z.Multistream(false)
		}
		r = z
	case "zlib":
		r, err = zlib.NewReader(source)
	case "raw":
		r = flate.NewReader(source)
	case "base64":
		text, err := base64.StdEncoding.DecodeString(string(body))
		return string(text), err
	default:
		return string(body), nil
	}
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	if err == nil && source.Len() > 0 {
		err = fmt.Errorf("%d bytes are left over", source.Len())
	}
	return string(text), err
}

// TestCodedBodiesAtTheVendor: through the running server, two visitors one after the other in every coding. What the
// vendor unpacks is what the profile leaves of each, and byte for byte what came where that is all.
func TestCodedBodiesAtTheVendor(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), map[string]string{
		"policy/activities.yaml": `activities:
  - { id: segment-whole, vendor: segment, purposes: [measure], basis: consent, retention: 14 months, profile: whole, events: [Whole] }
  - { id: segment-cut, vendor: segment, purposes: [measure], basis: consent, retention: 14 months, profile: cut, events: ["*"] }
  - { id: posthog-whole, vendor: posthog, purposes: [measure], basis: consent, retention: 14 months, profile: whole, events: [Whole] }
  - { id: posthog-cut, vendor: posthog, purposes: [measure], basis: consent, retention: 14 months, profile: cut, events: ["*"] }
  - { id: amplitude-whole, vendor: amplitude, purposes: [measure], basis: consent, retention: 14 months, profile: whole, events: [Whole] }
  - { id: amplitude-cut, vendor: amplitude, purposes: [measure], basis: consent, retention: 14 months, profile: cut, events: ["*"] }
`,
		"policy/profiles.yaml": `profiles:
  whole: { classes: { event_name: keep, client_id: keep, device_id: keep, custom: keep, page_title: keep } }
  cut: { classes: { event_name: keep, client_id: keep, device_id: keep, page_title: keep } }
`,
	}))
	type form struct {
		name, header, query string
		layers              []string // the outermost first
		only                string   // a vendor
	}
	forms := []form{
		{"none", "", "", nil, ""},
		{"gzip", "gzip", "", []string{"gzip"}, ""},
		{"deflate, as zlib", "deflate", "", []string{"zlib"}, ""},
		{"deflate, raw", "deflate", "", []string{"raw"}, ""},
		{"gzip-js", "", "?compression=gzip-js", []string{"gzip"}, "posthog"},
		{"gzip over gzip-js", "gzip", "?compression=gzip-js", []string{"gzip", "gzip"}, "posthog"},
		{"base64", "", "?compression=base64", []string{"base64"}, "posthog"},
		{"deflate over base64", "deflate", "?compression=base64", []string{"zlib", "base64"}, "posthog"},
	}
	const note = `"colour":"c ID",`
	type hit struct{ vendor, path, body, dropped string }
	hits := []hit{
		{"segment", "/t/segment/v1/t",
			`{"type":"track","event":"NAME","anonymousId":"ID","properties":{"colour":"c ID","title":"Shoes"}}`, note},
		{"segment", "/t/segment/v1/batch",
			`{"batch":[{"type":"track","event":"NAME","anonymousId":"ID","properties":{"colour":"c ID","title":"Shoes"}},{"type":"track","event":"NAME","anonymousId":"ID"}]}`,
			note},
		{"posthog", "/t/posthog/e/",
			`{"event":"NAME","properties":{"token":"k","distinct_id":"ID","colour":"c ID","title":"Shoes"}}`, note},
		{"amplitude", "/t/amplitude/2/httpapi",
			`{"api_key":"k","events":[{"event_type":"NAME","device_id":"ID","event_properties":{"colour":"c ID"}}]}`,
			`,"event_properties":{"colour":"c ID"}`},
	}
	pack := func(f form, body string) string {
		for _, layer := range slices.Backward(f.layers) {
			switch layer {
			case "gzip":
				body = zipped(body)
			case "base64":
				body = base64.StdEncoding.EncodeToString([]byte(body))
			default:
				body = inDeflate(layer, body)
			}
		}
		return body
	}
	said := func(header string) string {
		if header == "" {
			return ""
		}
		return "Content-Encoding: " + header + "\r\n"
	}
	for _, h := range hits {
		for _, f := range forms {
			if f.only != "" && f.only != h.vendor {
				continue
			}
			for _, name := range []string{"Whole", "Cut"} {
				for _, visitor := range []string{"visitor-one", "visitor-two"} {
					of := strings.NewReplacer("NAME", name, "ID", visitor)
					body, want := of.Replace(h.body), of.Replace(h.body)
					if name == "Cut" {
						want = of.Replace(strings.ReplaceAll(h.body, h.dropped, ""))
					}
					packed := pack(f, body)
					v.Forget()
					a := r.ask(t, post(h.path+f.query, yes+said(f.header)+"Content-Type: application/json\r\n", packed))
					got := v.Requests()
					what := fmt.Sprintf("%s %s, %s, %s", h.path, f.name, name, visitor)
					if len(got) != 1 {
						t.Errorf("%s: %d requests, answered with %d", what, len(got), a.Status)
						continue
					}
					if name == "Whole" && string(got[0].Body) != packed {
						t.Errorf("%s: nothing is changed of %q, and %q arrives", what, packed, got[0].Body)
					}
					text, err := string(got[0].Body), error(nil)
					for _, layer := range f.layers {
						if text, err = inside(layer, []byte(text)); err != nil {
							break
						}
					}
					if err != nil || text != want || got[0].Header.Get("Content-Encoding") != f.header {
						t.Errorf("%s: as %q (%v)\n%s\narrives, want\n%s", what, got[0].Header.Get("Content-Encoding"), err, text, want)
					}
				}
			}
		}
		for _, coding := range []string{"br", "zstd", "compress", "gzip, gzip", "gzip, br"} {
			v.Forget()
			body := strings.NewReplacer("NAME", "Whole", "ID", "id").Replace(h.body)
			for _, body := range []string{body, zipped(body)} {
				if a := r.ask(t, post(h.path, yes+said(coding)+"Content-Type: application/json\r\n", body)); len(
					v.Requests()) > 0 || a.Status >= 500 {
					t.Errorf("%s, %s: answered with %d, and forwarded %q", h.path, coding, a.Status, v.Received())
				}
			}
		}
	}
}
