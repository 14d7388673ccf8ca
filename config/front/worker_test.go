package front_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/front"
)

// tries has node go through what is written for a platform that runs JavaScript.
const tries = `
import worker from "./worker.mjs";
import config from "./next.config.mjs";
const said = [];
globalThis.fetch = async (to, init) => {
  const headers = init ? Object.fromEntries(init.headers) : null;
  const body = init?.body ? Buffer.from(init.body).toString() : "";
  said.push({ to: typeof to === "string" ? to : "site:" + to.url, headers, body });
  return new Response(null, { status: 204 });
};
const from = { "CF-Connecting-IP": "203.0.113.5", "X-Forwarded-For": "198.51.100.9", Forwarded: "for=198.51.100.9", Cookie: "a=b" };
const ask = (path, init) => worker.fetch(new Request("https://shop.example" + path, { headers: from, ...init }));
await ask("/t/g/collect?cid=1.2&dl=https%3A%2F%2Fa%2F%2520");
await ask("/t/v1/batch", { method: "POST", body: "{}" });
await ask("/terms");
await ask("/.well-known/gpc.json");
const large = await ask("/t/v1/batch", { method: "POST", body: "x".repeat(MOST + 1) });
const rewrites = (await config.rewrites()).beforeFiles.map((r) => r.source + " " + r.destination);
console.log(JSON.stringify({ said, large: large.status, rewrites }));
`

// TestWhatIsWrittenInJavaScript has the Worker and the rewrites of Next.js do what they are written for.
func TestWhatIsWrittenInJavaScript(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Log("node is not installed here: what is written in JavaScript is not tried")
		return
	}
	dir := t.TempDir()
	way := shop
	way.To, way.Body = "https://hits.example", 25
	for _, name := range []string{"cloudflare", "nextjs"} {
		f, _ := front.Lookup(name)
		parts, err := f.Write(way)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, parts[0].Name), []byte(parts[0].Text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "tries.mjs"), []byte(strings.Replace(tries, "MOST", "100", 1)),
		0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "tries.mjs")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got struct {
		Said []struct {
			To      string
			Headers map[string]string
			Body    string
		}
		Large    int
		Rewrites []string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var to []string
	for _, s := range got.Said {
		to = append(to, s.To)
		if strings.HasPrefix(s.To, "site:") {
			continue
		}
		if s.Headers["x-forwarded-for"] != "203.0.113.5" || s.Headers["forwarded"] != "" || s.Headers["cookie"] != "a=b" {
			t.Errorf("%s is sent %v", s.To, s.Headers)
		}
	}
	if want := []string{"https://hits.example/t/g/collect?cid=1.2&dl=https%3A%2F%2Fa%2F%2520",
		"https://hits.example/t/v1/batch",
		"site:https://shop.example/terms", "https://hits.example/.well-known/gpc.json"}; !slices.Equal(to, want) ||
		got.Large != 413 || got.Said[1].Body != "{}" {
		t.Errorf("the Worker asks\n%s\nwith %s; of what is too large it says %d", strings.Join(to, "\n"),
			got.Said[1].Body, got.Large)
	}
	if want := []string{"/t/:path*/ https://hits.example/t/:path*/", "/t/:path* https://hits.example/t/:path*",
		"/.well-known/gpc.json https://hits.example/.well-known/gpc.json"}; !slices.Equal(got.Rewrites, want) {
		t.Errorf("Next.js rewrites\n%s", strings.Join(got.Rewrites, "\n"))
	}
}
