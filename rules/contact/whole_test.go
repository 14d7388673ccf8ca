package contact

import (
	"strings"
	"testing"
)

// wholes are texts that are an address or a number as a whole, and texts that only hold one, or look like it.
var wholes = map[Kind][]string{
	Address: {
		"j@x.de", "jane.doe@example.com", " Jane.Doe@EXAMPLE.com\n", "jane+news@mail.example.co.uk",
		"Jane Doe <jane@example.com>", "<jane@example.com>",
		"mailto:jane@example.com", "MAILTO:jane@example.com", "jane@example.com.", "jane@example.com, joe@example.com",
		"jane@example.com;", "Jane <jane@example.com>; joe@example.com",
		"jane%40example.com", "jane\uff20example.com", "jane@m\u00fcller.example", "jane@xn--mller-kva.example",
		strings.Repeat("j", 123) + "@x.de",
	},
	Number: {
		"+4930901820", "+49 30 901820", "+49 (0)30 901820", "0049 30 901820", "00 49 30 901820", "(+49) 30 / 90 18-20",
		"tel:+49-30-901820", "+49.30.901820", "+49 30 901820 ext. 12", "+49 30 901820x12",
		"+49 30 901820 #7", "+49\u00a030\u2011901820", "\uff0b\uff14\uff19 30 901820", "+\u0664\u0669 30 901820",
		" +1 202 555 0100 ", "+123456789012345",
	},
	None: {
		"", "@", "j@x", "a@b.c", "@x.de", "jane@", "jane@example", "jane@1.2.3", "npm@10.2.1", "@segment/analytics-node",
		"written by jane@example.com", "jane@example.com said", "jane@example.com, and joe",
		"https://user@example.com/", "//user@example.com", "/u/jane@example.com", "?email=jane@example.com",
		"https://x.example/?e=jane%40example.com", "jane@@example.com", "jane@ex ample.com", "jane@example..com", "0@-.--",
		strings.Repeat("j", 124) + "@x.de", "Jane <jane@example.com", "jane@example.com>",
		"+", "00", "+1234567", "+1234567890123456", "0301234567", "000000000000", "00012345678", "0012", "+0 30 901820",
		"+49 30 901820 home", "tel:030901820", "2026-11-28", "+01:00", "+49-30-abc-901820", "49 30 901820",
		"0x00abcdef12345", "+49 30 901820 ext. 1234567",
	},
}

func TestWhole(t *testing.T) {
	t.Parallel()
	for want, texts := range wholes {
		for _, text := range texts {
			if got := Whole([]byte(text)); got != want {
				t.Errorf("%q is %d, want %d", text, got, want)
			}
		}
	}
}

// TestWholeDoesNotAllocate: for ASCII without escapes, whatever it is.
func TestWholeDoesNotAllocate(t *testing.T) {
	for _, texts := range wholes {
		for _, text := range texts {
			b := []byte(text)
			if unusual(b) {
				continue
			}
			if n := testing.AllocsPerRun(20, func() { Whole(b) }); n != 0 {
				t.Errorf("%q: %v allocations", text, n)
			}
		}
	}
}

// FuzzWhole: what is one as a whole is read as one: an address has an address in it, and a number is international.
func FuzzWhole(f *testing.F) {
	for _, texts := range wholes {
		for _, text := range texts {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		switch Whole([]byte(text)) {
		case Address:
			in := ReadAddresses([]byte(text))
			if one, ok := in.Append(nil); !ok || len(one) == 0 {
				t.Fatalf("%q is an address, and none is read", text)
			}
		case Number:
			if _, _, how := AppendPhone(nil, []byte(text), nil); how != International {
				t.Fatalf("%q is a number, and is read as %d", text, how)
			}
		default:
		}
	})
}
