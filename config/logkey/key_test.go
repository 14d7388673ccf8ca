package logkey

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What another implementation (OpenSSL) made of the seed of 32 times 7, by the words of the specification.
const (
	asLog       = "witness.example/w1+68cca5d4+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
	asWitness   = "witness.example/w1+aa4a09d1+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
	cosignature = "AAAAAGQYUMuIw8mVceD2/ugGR311eIE7SKaOjVhNq0Cu4mY02c8ugULspYTn0ewGiFD+1pZaAqldq9JeCUMHlZy59AEgeAIK"
	text        = "shop.example/tagwarden\n12\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	public      = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=
-----END PUBLIC KEY-----
`
)

// TestCosignature: what a witness signed is verified, however its key is written, and every bit of it counts.
func TestCosignature(t *testing.T) {
	t.Parallel()
	signature, err := base64.StdEncoding.DecodeString(cosignature)
	if err != nil {
		t.Fatal(err)
	}
	for _, written := range []string{asLog, asWitness, " " + asWitness + "\n"} {
		w, err := ParseWitness(written)
		if err != nil {
			t.Fatal(err)
		}
		if w.Name() != "witness.example/w1" || w.KeyHash() != 0xaa4a09d1 {
			t.Errorf("%s: %s, %08x", written, w.Name(), w.KeyHash())
		}
		if !w.Verify([]byte(text), signature) {
			t.Errorf("%s: it is not verified", written)
		}
		if w.Verify([]byte(text[:len(text)-1]), signature) || w.Verify([]byte(text), signature[:71]) ||
			w.Verify([]byte(text), append(signature[:72:72], 0)) || w.Verify([]byte(text), nil) {
			t.Errorf("%s: another text, or no signature, is verified", written)
		}
		for bit := range 8 * len(signature) {
			changed := append([]byte(nil), signature...)
			changed[bit/8] ^= 1 << (bit % 8)
			if w.Verify([]byte(text), changed) {
				t.Errorf("%s: bit %d changed, and it is verified", written, bit)
			}
		}
	}
	if at, ok := SignedAt(signature); !ok || at != 1679315147 {
		t.Errorf("signed at %d", at)
	}
	binary.BigEndian.PutUint64(signature, 1<<63)
	if _, ok := SignedAt(signature); ok {
		t.Error("a time beyond 2^63 - 1 is taken")
	}
}

func TestPEM(t *testing.T) {
	t.Parallel()
	if got, err := PEM(asLog); err != nil || string(got) != public {
		t.Errorf("%v\n%s", err, got)
	}
	if name, err := Name(asLog); err != nil || name != "witness.example/w1" {
		t.Errorf("%q, %v", name, err)
	}
}

// wrongKeys are no keys, by what is wrong with them.
var wrongKeys = map[string]string{
	"empty":          "",
	"a name":         "witness.example/w1",
	"no key":         "witness.example/w1+aa4a09d1",
	"another name":   strings.Replace(asWitness, "w1", "w2", 1),
	"another hash":   strings.Replace(asWitness, "aa4a09d1", "aa4a09d2", 1),
	"a short hash":   strings.Replace(asWitness, "aa4a09d1", "aa4a09", 1),
	"no hexadecimal": strings.Replace(asWitness, "aa4a09d1", "aa4a09dg", 1),
	"cut short":      asWitness[:len(asWitness)-4],
	"no base64":      asWitness[:len(asWitness)-1] + "!",
	"a name twice":   "w+" + asWitness,
	"no name":        asWitness[strings.Index(asWitness, "+"):],
	"a name in two":  "a b" + asWitness[strings.Index(asWitness, "+"):],
	"ML-DSA":         written("witness.example/w1", append([]byte{6}, make([]byte, 1312)...)),
	"too long":       written("witness.example/w1", append([]byte{4}, make([]byte, 33)...)),
	"nothing in it":  written("witness.example/w1", []byte{4}),
}

// written is a key as it is written, whatever it holds.
func written(name string, kindAndKey []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, hashOf(name, kindAndKey), base64.StdEncoding.EncodeToString(kindAndKey))
}

func TestNoKeys(t *testing.T) {
	t.Parallel()
	for what, wrong := range wrongKeys {
		if _, err := ParseWitness(wrong); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := PEM(wrong); !errors.Is(err, ErrKey) {
			t.Errorf("%s: PEM: %v", what, err)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, right := range []string{"shop.example", "shop.example/tagwarden/2", "münchen.example/a", DefaultOrigin("h")} {
		if err := CheckOrigin(right); err != nil {
			t.Errorf("%q: %v", right, err)
		}
	}
	for _, wrong := range []string{"", " ", "a b", "a+b", "a\nb", "https://shop.example", "shop.example/",
		"/a", "a\x00", "\xff",
		strings.Repeat("a", mostOrigin+1)} {
		if err := CheckOrigin(wrong); !errors.Is(err, ErrOrigin) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// FuzzWitness: what is read as a key is written in one way.
func FuzzWitness(f *testing.F) {
	f.Add(asLog)
	f.Add(asWitness)
	for _, wrong := range wrongKeys {
		f.Add(wrong)
	}
	f.Fuzz(func(t *testing.T, given string) {
		w, err := ParseWitness(given)
		if err != nil {
			if !errors.Is(err, ErrKey) {
				t.Errorf("%q: %v", given, err)
			}
			return
		}
		again, err := ParseWitness(written(w.name, append([]byte{kindCosignature}, w.key...)))
		if err != nil || again.KeyHash() != w.hash {
			t.Errorf("%q: %v", given, err)
		}
		if k, err := parse(given); err != nil || !strings.EqualFold(strings.TrimSpace(given),
			written(k.name, append([]byte{k.kind}, k.raw...))) {
			t.Errorf("%q is written otherwise (%v)", given, err)
		}
	})
}
