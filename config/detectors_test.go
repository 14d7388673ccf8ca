package config

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/scrub"
)

const detectorsExample = `detectors:
  customer_no: { pattern: '\bKD-[0-9]{6}\b' }
  loyalty_card:
    pattern: '\b29[0-9]{11}\b'
    checksum: ean
`

func TestDetectors(t *testing.T) {
	t.Parallel()
	files := base(t)
	without, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	files["policy/detectors.yaml"] = []byte(detectorsExample)
	if err := valid(t, compiledSchema(t, "detectors"), files["policy/detectors.yaml"]); err != nil {
		t.Error(err)
	}
	with, err := compiled(files)
	if err != nil {
		t.Fatal(err)
	}
	if with.Draft.Digest == without.Draft.Digest {
		t.Error("the digest says nothing of the detectors")
	}
	if n := with.Policy.Detectors().Len(); n != 2 || with.Detectors["loyalty_card"].Checksum != "ean" {
		t.Errorf("%d detectors: %+v", n, with.Detectors)
	}
	got, _ := with.Policy.Detectors().Append(nil, []byte("KD-123456 2912345678900 2912345678906"), scrub.All)
	if want := "[customer_no] 2912345678900 [loyalty_card]"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, wrong := range []string{"detectors: []", "detectors: {}", "detectors: { a: { patern: x } }",
		"detectors: { a: { pattern: x, checksum: lune } }", "detectors: { a: {} }"} {
		if err := valid(t, compiledSchema(t, "detectors"), []byte(wrong)); err == nil {
			t.Errorf("%s is accepted", wrong)
		}
	}
}
