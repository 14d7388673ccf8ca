package minimise

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

func ownEnv(t testing.TB) *Env {
	t.Helper()
	d, err := scrub.Compile([]scrub.Rule{{Label: "customer_no", Pattern: `(?i)\bkd-[0-9]{6}\b`}})
	if err != nil {
		t.Fatal(err)
	}
	env := testEnv()
	env.Detectors = d
	return env
}

// TestOwnDetectors: what a site's own detectors find goes from every text that passes, whichever minimiser passes it.
func TestOwnDetectors(t *testing.T) {
	env := ownEnv(t)
	chars := 30
	for _, tt := range []struct {
		spec     Spec
		class    hit.Class
		in, want string
	}{
		{Spec{Kind: Keep}, hit.PageTitle, "Order of KD-123456", "Order of [customer_no]"},
		{Spec{Kind: Scrub}, hit.FreeText, "kd-123456", "[customer_no]"},
		{Spec{Kind: Scrub}, hit.FreeText, "a%20KD%2D123456 jane@example.com", "a%20[customer_no] [email]"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Chars: &chars}}, hit.SearchTerm,
			"about KD-123456 and much more than that", "about [customer_no] and much m"},
		{Spec{Kind: URL, URL: URLSpec{Query: []string{"q"}}}, hit.URL, "https://shop.example/a?q=KD-123456",
			"https://shop.example/a?q=[customer_no]"},
	} {
		got, _ := apply(t, must(t, tt.spec, tt.class), Value{Bytes: []byte(tt.in)}, env)
		if got != tt.want {
			t.Errorf("%v %v: %q became %q, want %q", tt.spec.Kind, tt.class, tt.in, got, tt.want)
		}
	}
}

func TestOwnDetectorsAllocs(t *testing.T) {
	env := ownEnv(t)
	a := must(t, Spec{Kind: Scrub}, hit.FreeText)
	v := Value{Class: hit.FreeText, Bytes: []byte("Order of KD-123456 and KD-654321, nothing else")}
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(200, func() { dst, _ = a.Append(dst[:0], v, env) }); n != 0 && !raced {
		t.Errorf("%v allocations", n)
	}
}

// TestScrubPersonName: a class says that a name is there.
func TestScrubPersonName(t *testing.T) {
	for in, want := range map[string]string{"Jane Doe": "[name]", "Jürgen Müller-Lüdenscheidt": "[name]",
		"Vincent van Gogh": "[name]"} {
		if got, _ := apply(t, must(t, Spec{Kind: Scrub}, hit.PersonName), Value{Bytes: []byte(in)}, testEnv()); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}
