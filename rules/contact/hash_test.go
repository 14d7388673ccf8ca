package contact

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

// TestHashesInEveryDress: however a hash is written it is the same; what is none, is none.
func TestHashesInEveryDress(t *testing.T) {
	t.Parallel()
	long, short := sha256.Sum256([]byte("jane@example.com")), md5.Sum([]byte("jane@example.com"))
	odd := [32]byte{0: 0xfb, 1: 0xff, 2: 0xbf, 31: 0xff} // + and / in base64
	for _, c := range []struct {
		sum   []byte
		names []string
	}{{long[:], []string{"sha256", "SHA256", "sha-256"}}, {odd[:], []string{"sha256"}}, {short[:], []string{"md5", "MD5"}}} {
		digits := hex.EncodeToString(c.sum)
		dresses := []string{digits, strings.ToUpper(digits), "0x" + digits, "0X" + digits, " " + digits + "\n", "\ufeff" + digits,
			base64.StdEncoding.EncodeToString(c.sum), base64.RawStdEncoding.EncodeToString(c.sum), base64.URLEncoding.EncodeToString(c.sum),
			base64.RawURLEncoding.EncodeToString(c.sum)}
		for _, name := range c.names {
			for _, sign := range []string{":", "-", "=", ": ", "_", "$"} {
				dresses = append(dresses, name+sign+digits, name+sign+base64.StdEncoding.EncodeToString(c.sum))
			}
		}
		for _, text := range dresses {
			if got, ok := AppendHash([]byte("x"), []byte(text), len(c.sum)); !ok || string(got) != "x"+digits {
				t.Errorf("%q: %q, %t", text, got, ok)
			}
			if got, ok := AppendHash([]byte("x"), []byte(text), 48-len(c.sum)); ok || string(got) != "x" {
				t.Errorf("%q is taken for a hash of the other size: %q", text, got)
			}
		}
		for _, text := range []string{"", digits[1:], digits + "0", digits[1:] + "g", "sha256:", "sha256" + digits, "0x" + digits[1:],
			base64.StdEncoding.EncodeToString(c.sum[1:]), base64.StdEncoding.EncodeToString(append(c.sum, 0)), "jane@example.com",
			base64.RawStdEncoding.EncodeToString(c.sum) + "===", base64.RawStdEncoding.EncodeToString(c.sum) + "=a", "!" + base64.RawStdEncoding.EncodeToString(c.sum)[1:]} {
			if got, ok := AppendHash(nil, []byte(text), len(c.sum)); ok || len(got) > 0 {
				t.Errorf("%q: %q", text, got)
			}
		}
	}
}
