package rules_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// packing packs bodies by writers and readers of the standard library, which the product does not use.
type packing struct {
	gzip  *gzip.Writer
	zlib  *zlib.Writer
	flate *flate.Writer
}

func newPacking() *packing {
	raw, _ := flate.NewWriter(nil, flate.BestSpeed)
	fast, _ := gzip.NewWriterLevel(nil, flate.BestSpeed)
	zl, _ := zlib.NewWriterLevel(nil, flate.BestSpeed)
	return &packing{fast, zl, raw}
}

// pack puts a text into one layer.
func (p *packing) pack(layer, text string) string {
	var b bytes.Buffer
	var w interface {
		io.WriteCloser
		Reset(io.Writer)
	}
	switch layer {
	case "gzip":
		w = p.gzip
	case "zlib":
		w = p.zlib
	case "raw":
		w = p.flate
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(text))
	default:
		return text
	}
	w.Reset(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// unpack takes one layer off, of which nothing may be left over.
func unpack(layer, text string) (string, error) {
	source := strings.NewReader(text)
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
		inside, err := base64.StdEncoding.DecodeString(text)
		return string(inside), err
	default:
		return text, nil
	}
	if err != nil {
		return "", err
	}
	inside, err := io.ReadAll(r)
	if err == nil && source.Len() > 0 {
		err = fmt.Errorf("%d bytes are left over", source.Len())
	}
	return string(inside), err
}

// codings are the ways a body comes in: what is said of it, and the layers that it is in, the outermost first. open
// names the stack that an endpoint must have for what is not said.
var codings = []struct {
	name, header string
	layers       []string
	open         string
}{
	{"gzip", "gzip", []string{"gzip"}, ""},
	{"gzip, in other letters", "GZip", []string{"gzip"}, ""},
	{"deflate, as zlib", "deflate", []string{"zlib"}, ""},
	{"deflate, raw", "Deflate", []string{"raw"}, ""},
	{"identity", "identity", nil, ""},
	{"gzip, unsaid", "", []string{"gzip"}, "gzip+json"},
	{"base64, unsaid", "", []string{"base64"}, "base64+json"},
	{"gzip over gzip that is not said", "gzip", []string{"gzip", "gzip"}, "gzip+json"},
	{"raw deflate over base64", "deflate", []string{"raw", "base64"}, "base64+json"},
}

// coders judge bodies in codings, by one judgement that is used again and again, as a server's are.
type coders struct {
	*packing
	in     rules.Inputs
	policy *rules.Policy
	keep   bool // every leaf, in place of what the policy says
	j      rules.Judgement
}

func (c *coders) judge(j *rules.Judgement, r hit.Request) (body string, headers []rules.Header, err error) {
	reason := readInto(j, c.policy, &c.in, r)
	switch {
	case reason != rules.Unjudged:
	case c.keep:
		reason = j.JudgeKeeping(&c.in, func(int32) bool { return false })
	default:
		reason = rules.Judge(j, &c.in)
	}
	if reason != rules.Unjudged || !j.Out.Forward {
		var why []rules.Reason
		for _, v := range j.Verdicts {
			why = append(why, v.Reason)
		}
		return "", nil, fmt.Errorf("reason %v, events %v", reason, why)
	}
	return string(j.Out.Body), j.Out.Headers, nil
}

// coded is a request whose body comes in layers.
func coded(c *packing, r hit.Request, header string, layers []string) hit.Request {
	body := string(r.Body)
	for _, layer := range slices.Backward(layers) {
		body = c.pack(layer, body)
	}
	r.Body, r.Headers = []byte(body), slices.Clone(r.Headers)
	if header != "" {
		r.Headers = append(r.Headers, hit.Header{Name: []byte("Content-Encoding"), Value: []byte(header)})
	}
	return r
}

// TestCodedBodies: whatever coding a body comes in, what leaves of it is what leaves of the same body without one, in
// the same coding; and byte for byte what came where nothing is changed. One judgement after another takes two
// visitors' hits, and nothing of the first is in the second's.
func TestCodedBodies(t *testing.T) {
	t.Parallel()
	all := draft()
	for i := range all.Activities {
		all.Activities[i].Profile = "all"
	}
	pack := newPacking()
	for _, mode := range []struct {
		name  string
		draft *rules.Draft
		keep  bool
	}{{"a profile", draft(), false}, {"a profile of every class", all, false}, {"every leaf kept", draft(), true}} {
		t.Run(mode.name, func(t *testing.T) {
			p := compile(t, mode.draft)
			c := &coders{packing: pack, policy: p, keep: mode.keep,
				in: rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}}
			changed, whole := map[string]int{}, map[string]int{}
			eachGolden(t, func(t *testing.T, vendor, text string) {
				if r := request(t, text, vendor); len(r.Body) > 0 {
					c.look(t, vendor, text, changed, whole)
				}
			})
			for _, recipient := range p.Recipients() {
				for _, coding := range codings {
					takes := coding.open == "" || slices.ContainsFunc(recipient.Catalog.Endpoints, func(e catalog.Endpoint) bool {
						return slices.Contains(e.Body, mustParse(coding.open))
					})
					of := recipient.ID + " " + coding.name
					if takes && (mode.keep && whole[of] == 0 || mode.draft != all && !mode.keep && changed[of] == 0 ||
						changed[of]+whole[of] == 0) {
						t.Errorf("%s: no case", of)
					}
				}
			}
		})
	}
}

// look judges a hit of two visitors in every coding that its endpoint takes.
func (c *coders) look(t *testing.T, vendor, text string, changed, whole map[string]int) {
	t.Helper()
	visitors := [2]hit.Request{}
	var want [2]string
	for i, host := range []string{"one.example", "two.example"} {
		visitors[i] = request(t, strings.ReplaceAll(text, "shop.example", host), vendor, yes)
		visitors[i].Address = netip.Addr{} // which would be handed on
		var err error
		if want[i], _, err = c.judge(new(rules.Judgement), visitors[i]); err != nil {
			t.Errorf("without a coding: %v", err)
			return
		}
	}
	for _, coding := range codings {
		if coding.open != "" && !c.takes(visitors[0], coding.open) {
			continue
		}
		for i, r := range visitors {
			came := coded(c.packing, r, coding.header, coding.layers)
			got, headers, err := c.judge(&c.j, came)
			if err != nil {
				t.Errorf("%s: %v", coding.name, err)
				continue
			}
			kind := changed
			if want[i] == string(r.Body) {
				if kind = whole; got != string(came.Body) {
					t.Errorf("%s, visitor %d: nothing is changed of %q, and %q is sent", coding.name, i, came.Body, got)
				}
			}
			kind[vendor+" "+coding.name]++
			inside := got
			for _, layer := range coding.layers {
				if inside, err = unpack(layer, inside); err != nil {
					break
				}
			}
			if err != nil || inside != want[i] {
				t.Errorf("%s, visitor %d: sent was (%v)\n%s\nwant\n%s", coding.name, i, err, inside, want[i])
			}
			if i == 1 && strings.Contains(inside, "one.example") {
				t.Errorf("%s: the first visitor's is in the second's: %s", coding.name, inside)
			}
			if says := strings.ToLower(headerOf(headers, "Content-Encoding")); got != "" && says != strings.ToLower(
				strings.TrimPrefix(coding.header, "identity")) {
				t.Errorf("%s: sent as %q", coding.name, says)
			}
		}
	}
}

// takes tells whether the endpoint of a hit reads bodies by a stack, and this one by the format of that.
func (c *coders) takes(r hit.Request, stack string) bool {
	first := bytes.TrimLeft(r.Body, " \r\n\t")
	route, _, _ := c.policy.Site(r.Host).Find(r.Method, r.Path)
	return route != nil && len(first) > 0 && (first[0] == '{' || first[0] == '[') &&
		slices.Contains(route.Endpoint.Body, mustParse(stack))
}

func headerOf(headers []rules.Header, name string) string {
	for _, h := range headers {
		if h.Name == name {
			return string(h.Value)
		}
	}
	return ""
}

// TestCodingsThatAreRefused: what no SDK uses, what is not what it says, and what is cut or
// goes on forwards nothing, whosever it is.
func TestCodingsThatAreRefused(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	pack := newPacking()
	c := &coders{packing: pack, policy: p, in: rules.Inputs{Now: now, Keys: rules.NewKeys(pseudonym.TestRoot, p, now)}}
	eachGolden(t, func(t *testing.T, vendor, text string) {
		plain := request(t, text, vendor, yes)
		if len(plain.Body) == 0 {
			return
		}
		body := string(plain.Body)
		zip, zl, raw := pack.pack("gzip", body), pack.pack("zlib", body), pack.pack("raw", body)
		for name, of := range map[string]struct{ header, body string }{
			"br":                       {"br", body},
			"zstd":                     {"zstd", "\x28\xb5\x2f\xfd" + body},
			"compress":                 {"compress", body},
			"x-gzip":                   {"x-gzip", zip},
			"two at once":              {"gzip, gzip", pack.pack("gzip", zip)},
			"identity and gzip":        {"identity, gzip", zip},
			"gzip that is none":        {"gzip", body},
			"gzip that is zlib":        {"gzip", zl},
			"gzip, cut":                {"gzip", zip[:len(zip)-9]},
			"gzip, its sum cut":        {"gzip", zip[:len(zip)-1]},
			"gzip with a tail":         {"gzip", zip + "x"},
			"gzip, another's sum":      {"gzip", zip[:len(zip)-8] + "\x01\x02\x03\x04" + zip[len(zip)-4:]},
			"deflate that is none":     {"deflate", "\xff\xff" + body},
			"deflate that is gzip":     {"deflate", zip},
			"zlib, cut":                {"deflate", zl[:len(zl)-5]},
			"zlib with a tail":         {"deflate", zl + "x"},
			"zlib, another's sum":      {"deflate", zl[:len(zl)-4] + "\x01\x02\x03\x04"},
			"raw deflate, cut":         {"deflate", raw[:len(raw)-3]},
			"raw deflate with a tail":  {"deflate", raw + "x"},
			"nothing that is inflated": {"gzip", "\x1f"},
		} {
			r := coded(pack, plain, of.header, nil)
			r.Body = []byte(of.body)
			if got, _, err := c.judge(&c.j, r); err == nil || c.j.Reason != rules.MalformedHit {
				t.Errorf("%s: %v, %q", name, errors.Join(err), got)
			}
		}
		twice := coded(pack, coded(pack, plain, "gzip", []string{"gzip"}), "gzip", nil)
		if got, _, err := c.judge(&c.j, twice); err == nil || c.j.Reason != rules.MalformedHit {
			t.Errorf("said twice: %v, %q", err, got)
		}
		if _, _, err := c.judge(&c.j, coded(pack, plain, "gzip", []string{"gzip"})); err != nil {
			t.Errorf("the control, a good one, after those: %v", err)
		}
	})
}

func mustParse(stack string) codec.Stack {
	s, err := codec.ParseStack(stack)
	if err != nil {
		panic(err)
	}
	return s
}
