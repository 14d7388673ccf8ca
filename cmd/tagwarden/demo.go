package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/replay"
	"github.com/tagwarden/tagwarden/rules/wire"
)

//go:embed demo/hits.jsonl
var demoHits []byte

// demoHit is a recorded request of a real SDK, with what the visitor had chosen when it was sent.
type demoHit struct {
	Title  string `json:"title"`
	Choice string `json:"choice"` // "", yes, no or objected
	replay.Capture

	text string // the body, as it was sent
}

// demoVisitor is the Matomo visitor id of the recording, who objects in the demonstration.
const demoVisitor = "_id"

func demo(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("demo", "[--once]")
	once := f.Bool("once", false, "show the hits and end")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	t.endsTidily(leftAlone...) // its folder goes with it
	d, err := newDemo(t)
	var seen demoTally
	if err == nil {
		defer d.close()
		seen, err = d.show(t)
	}
	if errors.Is(err, errNoFolder) {
		t.fail("%v", err)
		return usage
	}
	if err != nil {
		t.fail("%v", err)
		return findings
	}
	if *once {
		seen.printNext(t.out)
		return fine
	}
	d.invite(t)
	<-ctx.Done()
	printf(t.out, "\nended\n")
	return fine
}

// errNoFolder says that the demonstration cannot begin.
var errNoFolder = errors.New(
	"cannot make a folder for what is shown, which goes when it ends; the variable TMPDIR says where")

// demonstration is a site, the proxy and stand-ins for vendors, all on loopback.
type demonstration struct {
	dir     string
	vendors *standIns
	file    string // the server file
	private string // the key of who approves
	root    pseudonym.Root
	policy  *rules.Policy
	keys    *rules.Keys
	server  *proxy.Server
	served  chan struct{}
	hits    string
	admin   string
	site    *demoSite
}

func newDemo(t *terminal) (d *demonstration, err error) {
	d = &demonstration{served: make(chan struct{})}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.dir, err = os.MkdirTemp("", "tagwarden-demo-"); err != nil {
		return d, fmt.Errorf("%w: %w", errNoFolder, err)
	}
	if d.vendors, err = startStandIns("ga4", "matomo", "segment"); err != nil {
		return d, err
	}
	loaded, err := d.configure(t)
	if err != nil {
		return d, err
	}
	if d.root, err = readRoot(context.Background(), &loaded.Server); err != nil {
		return d, err
	}
	d.judgeBy(loaded.Policy, t.now())
	if err := d.start(t, loaded); err != nil {
		return d, err
	}
	d.site, err = startDemoSite(d, t)
	return d, err
}

// demoApprover is who signs the demonstration's assessments: nobody but the demonstration itself.
const demoApprover = "demonstration"

// configure writes the very configuration that `init` writes, with the stand-ins
// as vendors, and an approver of its own.
func (d *demonstration) configure(t *terminal) (*config.Loaded, error) {
	made, err := config.Init(filepath.Join(d.dir, "shop"), nil, t.now())
	if err != nil {
		return nil, err
	}
	private, public, err := note.GenerateKey(rand.Reader, demoApprover)
	if err != nil {
		return nil, err
	}
	server := fmt.Sprintf(`version: 1
listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
keys: { root: ./root.key }
trusted_proxies: [127.0.0.0/8]
sites:
  shop:
    hosts: [shop.example, localhost, 127.0.0.1]
    base: /t
    origins: ["https://shop.example"]
    region: { default: FR }
    signals:
      gpc: {}
      consent_mode: {}
      own:
        - { cookie: site_consent, json: analytics, category: analytics, granted: ["yes"], refused: ["no"] }
vendors:
  ga4:     { catalog: ga4, upstream: "http://%s", private: true }
  matomo:  { catalog: matomo, upstream: "http://%s", private: true }
  segment: { catalog: segment, upstreams: { api: "http://%s", settings: "http://%s" }, private: true }
approvers: { %s: %q }
`, d.vendors.address("ga4"), d.vendors.address("matomo"), d.vendors.address("segment"), d.vendors.address("segment"), demoApprover, public)
	if err := os.WriteFile(made.Server, []byte(server), 0o600); err != nil {
		return nil, err
	}
	d.file, d.private = made.Server, private
	return approvedByDemo(made.Server, private)
}

// approvedByDemo signs the assessments of a server file's policy as the demonstration.
func approvedByDemo(file, private string) (*config.Loaded, error) {
	loaded, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	for _, a := range loaded.Assessments {
		approval, err := basis.Sign(a.Document, a.Digest, private)
		if err != nil {
			return nil, err
		}
		text, err := readNamed(a.File, mostNamed)
		if err != nil {
			return nil, err
		}
		if text, err = config.WithApproval(text, approval); err != nil {
			return nil, err
		}
		if err := os.WriteFile(a.File, text, 0o600); err != nil {
			return nil, err
		}
	}
	return config.Load(file)
}

// judgeBy has what is shown judged by a policy.
func (d *demonstration) judgeBy(policy *rules.Policy, now time.Time) {
	d.policy, d.keys = policy, rules.NewKeys(d.root, policy, now)
}

// ledger is the folder of the forwarding log.
func (d *demonstration) ledger() string { return filepath.Join(d.dir, "shop", "data", "ledger") }

func (d *demonstration) start(t *terminal, loaded *config.Loaded) error {
	server, err := proxy.New(loaded, proxy.Options{Root: d.root, Version: version, Now: t.now})
	if err != nil {
		return err
	}
	hits, admin, err := listen(loaded)
	if err != nil {
		return err
	}
	d.server, d.hits, d.admin = server, hits.Addr().String(), admin.Addr().String()
	go func() {
		defer close(d.served)
		_ = server.Serve(hits, admin) // it is a demonstration: what it wrote is removed next
	}()
	return nil
}

// close ends everything and removes what was written.
func (d *demonstration) close() {
	if d.site != nil {
		d.site.close()
	}
	if d.server != nil {
		within, cancel := context.WithTimeout(context.Background(), drain)
		defer cancel()
		_ = d.server.Shutdown(within)
		<-d.served
	}
	if d.vendors != nil {
		d.vendors.close()
	}
	_ = os.RemoveAll(d.dir)
}

// show sends the recorded hits through the running proxy and prints each.
func (d *demonstration) show(t *terminal) (seen demoTally, err error) {
	printf(t.out, "tagwarden demo: hits of real SDKs, on their way from a shop to its analytics vendors.\nThe policy is "+
		"the one that `tagwarden init` writes. Everything runs on this machine.\nIts assessments are signed by %q: by "+
		"nobody, for this alone. After `init` a person has to read and approve them.\n", demoApprover)
	lines := json.NewDecoder(bytes.NewReader(demoHits))
	for number := 1; ; number++ {
		var h demoHit
		err := lines.Decode(&h)
		if errors.Is(err, io.EOF) {
			return seen, nil
		}
		if err != nil {
			return seen, err
		}
		x, received, err := d.send(&h, t.now())
		if err != nil {
			return seen, err
		}
		printDemoHit(t.out, number, &h, x, received)
		seen.add(x, len(received) > 0)
	}
}

// send takes one recorded hit through the proxy, and returns why it was decided so and what the stand-in received.
func (d *demonstration) send(h *demoHit, at time.Time) (x *rules.Explanation, got []received, err error) {
	body, err := base64.StdEncoding.DecodeString(h.Body)
	if err != nil {
		return nil, nil, err
	}
	h.text = string(body)
	// As the shop's own web server would say whose hit it passes on. The address is one of
	// those kept for documentation (RFC 5737).
	headers := append(h.Headers, [2]string{"X-Forwarded-For", "203.0.113.77"})
	var objections []string
	switch h.Choice {
	case "yes", "no":
		headers = append(headers, [2]string{"Cookie", `site_consent=%7B%22analytics%22%3A%22` + h.Choice + `%22%7D`})
	case "objected":
		objections = []string{"audience-measurement"}
		if err := d.act(h, objection.Change{Object: objections}); err != nil {
			return nil, nil, err
		}
		defer func() { err = errors.Join(err, d.act(h, objection.Change{TakeBack: objections})) }()
	}
	text := replay.Text(h.Method, "/t"+h.Target, headers, body, "shop.example")
	if x, err = d.explain(text, at, objections...); err != nil {
		return nil, nil, err
	}
	before := d.vendors.count()
	if err := d.pass(text, new(fasthttp.Response)); err != nil {
		return nil, nil, err
	}
	return x, d.vendors.since(before), nil
}

// act objects as the demonstration's visitor does, or takes it back.
func (d *demonstration) act(h *demoHit, change objection.Change) error {
	change.Source, change.Holder.Kind = objection.Command, objection.Role
	act := objection.Act{Change: change}
	_, query, _ := strings.Cut(h.Target, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if name, id, _ := strings.Cut(pair, "="); name == demoVisitor {
			act.IDs = append(act.IDs, objection.ID{Name: "client_id:matomo", Value: id})
		}
	}
	_, err := d.server.Act(context.Background(), objection.Acts{Acts: []objection.Act{act}})
	return err
}

// explain judges a raw request with the keys that the proxy uses, so that what it shows is what is sent.
func (d *demonstration) explain(text []byte, at time.Time, objections ...string) (*rules.Explanation, error) {
	local := netip.MustParseAddr("127.0.0.1")
	request, refused, err := wire.ParseRequest(text, local, d.policy.Trusted())
	if err != nil {
		return nil, err
	}
	return d.policy.Explain(&rules.Question{Request: request, Refused: refused, At: at, Keys: d.keys,
		Objections: objections})
}

// pass sends the bytes of a request to the proxy and reads its answer.
func (d *demonstration) pass(text []byte, answer *fasthttp.Response) error {
	conn, err := net.DialTimeout("tcp", d.hits, 2*time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write(text); err != nil {
		return err
	}
	return answer.Read(bufio.NewReader(conn))
}

// invite says what to try next.
func (d *demonstration) invite(t *terminal) {
	printf(t.out, `
Try it yourself:
  open   http://%[1]s/      a small shop page: choose, send events, object, let an assessment expire, see the log's proof
  curl   'http://%[1]s/t/g/collect?v=2&tid=G-DEMO&cid=1.2&en=page_view&dl=https%%3A%%2F%%2Fshop.example%%2F%%3Femail%%3Dme%%2540example.com'
         denied: no choice was made. Add  -H 'Cookie: site_consent={"analytics":"yes"}'  and it goes, without the address.
         What became of it is printed here, and shown on the page.
  open   http://%[2]s/metrics
  logs   tagwarden logs tail --dir %[3]s

Ctrl-C ends it and removes what it wrote.
`, d.site.address, d.admin, quotedPath(d.ledger()))
}
