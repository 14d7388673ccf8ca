package scrub

import (
	"fmt"
	"strings"
	"testing"
)

// neighbourSeeds are values whose neighbours are looked at: besides those that are placed in surroundings, one of each
// way in which a detector can take one.
var neighbourSeeds = []string{
	`a "j d"@b.example`, "a@[203.0.113.77]", "a@[IPv6:2001:db8::1]", "a@b.xn--p1ai", "x@y.co.map a", "jö@bü.de",
	"jane [at] example [dot] de", "jane at ex dot b punkt de", "a@@b.de", "'o.b'@c.de",
	"q=jane%40b.de", "q=j%2540b.de", "j&#64;b.de", "j&#x40;b.de", "j&commat;b&period;de", `j\u0040b.de`, `j\\x40b.de`,
	"j%u0040b.de", "j&amp;amp;#64;b.de", `a\nj@b.de`, `\"j\/a@b.de\"`,
	"+49 (0)30 90182011", "tel: 781 1704", "781 1704 office", "(37) 788-063", "1-212-555-0123 x12", "0049 30 901820 11",
	"212.555.0123 ext. 1234", "tel 2020-11-12 1234", "fax 07.03.1984 12", "+1700000000",
	"x+1700000000000", "x+14155550123", "030 90 18 20", "06.12.34.56.78", "phone=0301234567", "01-02-2024 33",
	"4222222222222", "5105105105105100", "2223003122003222", "6011111111111117", "3530111333300000", "30569309025904",
	"6200000000000005", "180000000000002", "6759649826438453",
	"ssn 123456789", "bsn 11122233 ", "nif 123456789", "nhs 9434765919", "svnr 1237010180", "pnr 8112189876",
	"811218-9876", "19811218-9876", "86 095 742 719", "pesel 44051401458", "85.07.30-033.28",
	"529.982.247-25", "cpf 52998224725", "1 84 12 2A 451 089 73", "15070649C103", "rvnr 15070649C103",
	"131052+308T", "bsn: 111222333",
	"1.2.3.4", "127.0.0.1", "10.1.0.0", "Agent/1.2.3.4", "ver 1.2.3.4", "a-1.2.3.4", "::1.2.3.4", "::ffff:1.2.3.4",
	"fe80::1:2", "1:2:3:4:5:6:7:8", "2001:db8::", "a::b:c1:d", "[2001:db8::1]:80",
	"000000000000", "00-1a-2b-3c-4d-5f", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:01", "11-22-33-44-55-66",
	"11.22.33.44.55.66",
	`{"alg":"HS256"}`, "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.", "eyJhbGci", "eyJzdWIi.eyJhIjox.abc",
	"SG.abcdefghijklmnop.qrstuvwxyz12345678", "ghp_012345678901234567890123456789", "ya29.01234567890123456789",
	"-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY----- a", "-----BEGIN RSA PRIVATE KEY-----",
	"-----BEGIN PRIVATE KEY-----j@b.de",
	"lat: 52.520", "lng=-179.123", "52.5200;13.4050", "90.1234, 180.1234", "1.2345,2.3456, 3", "1, 1.2345,2.3456",
	`48°51'N`, `48°51′24.12″ N, 2°21′03″ E`, "0.0000,0.0000", "long\": \"13.4049",
	"12b Example Road", "12 bis rue de Paix", "5 via Roma", "12 A Example St", "Berliner Straße 10/12", "Am weg 12a",
	"Langeweg 5", "Rue de la Paix, 12", "Example Street 12", "12 big yellow house street", "12 big street goes",
	"dob 1984/03/07", "dob: 07031984", "19840307", "nato il 7.3.1984", "geb 7 de marzo de 1984", "née 7th Mar 1984",
	"born: 31 Dec 2099", "born Mar 7, 1984", "birth 12/31/1999", "né le 31/12/1900",
	"token: abcd1234", "password='a1b2'", "access_token=0123456789abcdef1", "reset/0123456789abcdef1",
	"id_code:abcdefgh12345678", "bearer abcdefghijkl1234567", "otp=1234", "9f8e7d6c5b4a39281706",
	"md5 836f82db99121b3481011f16b49dfa5f", "hash:da39a3ee5e6b4b0d3255bfef95601890afd80709",
	"first_name=Jane Doe-Smith", `"surname": "O'Neil"`, "lname: van der Berg", "Jane M. Doe",
	"username:anna ", "user[fname]=Jo",
	"ai5kb2VAYi5kZQ==", "x-aOtAYi5kZQ", "bTogasO8QGIuZGU/eA==", "6a40622e6465", "YWkxa2IyVkFZaTVrWlE",
	"WVdreGEySXlWa0ZaaTVrWlE=", "a/ai5kb2VAYi5kZQ",
	"iban DE89 3704 0044 0532 0130 00", "NO9386011117947", "MT84MALT011000012345MTLCAST001S",
	"Y1234567X", "ab123456d", "Z7654321A", "x1234567l", "a dot b@c.de", "1/4111111111111111", "j@b.de,k@c.fr",
	"+49301234567,j@b.de", "j@b.de4111111111111111",
}

// neighbourBytes are put in the place of each byte in turn: one or two of each sort that detectors tell apart.
var neighbourBytes = []string{
	"0", "1", "2", "3", "9", "a", "f", "g", "n", "x", "z", "A", "N", "Z", " ", "+", "-", ".", ",", "_", ":", ";", "/", "=",
	"(", ")", "@", "'", `"`, "&", "%", "\n", "é",
}

// alphabet has the letters that stand for what is found.
var alphabet = []rune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZαβγδεζηθικλμνξοπρστυφχψωабвгдежзийклмнопрстуфхцчшщъыьэюя")

// shape says what is found in a text, and how many bytes are left around it:
// "2[card]3"; nothing where nothing is found.
func shape(text string, want Set) string {
	var b strings.Builder
	at := 0
	for _, f := range (*Detectors)(nil).Locate([]byte(text), want) {
		if f.Start > at {
			fmt.Fprint(&b, f.Start-at)
		}
		fmt.Fprintf(&b, "[%s]", f.Label)
		at = f.End
	}
	if at > 0 && at < len(text) {
		fmt.Fprint(&b, len(text)-at)
	}
	return b.String()
}

// TestNeighbours: what is found in values that differ in one place from one of each form, as testdata/neighbours.golden
// has it: a row for each byte that is put in the place of another, a column for each place, a letter for what is then
// found (a dot for nothing), and how many steps all of it took. UPDATE_GOLDEN=1 writes it.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, seed := range append(append([]string(nil), placed...), neighbourSeeds...) {
		letters, legend, steps := map[string]rune{"": '.'}, []string(nil), 0
		letter := func(text string) rune {
			is := shape(text, All)
			if expected := shape(text, everything); expected != is {
				is += "|" + expected
			}
			_, saw := look{want: everything, most: unbounded}.append(nil, []byte(text))
			steps += saw.steps
			c, known := letters[is]
			if !known {
				if c = rune(0x2460 + len(legend) - len(alphabet)); len(legend) < len(alphabet) {
					// digits in circles behind the letters
					c = alphabet[len(legend)]
				}
				letters[is] = c
				legend = append(legend, fmt.Sprintf("%c=%s", c, is))
			}
			return c
		}
		letter(seed)
		var order []string
		rows := map[string]string{} // by what they hold, the bytes that give it
		row := func(name string, each func(k int) string) {
			var line strings.Builder
			for k := range len(seed) {
				line.WriteRune(letter(each(k)))
			}
			if rows[line.String()] == "" {
				order = append(order, line.String())
			}
			rows[line.String()] += name
		}
		row("less ", func(k int) string { return seed[:k] + seed[k+1:] })
		row("twice ", func(k int) string { return seed[:k+1] + seed[k:] })
		row("to ", func(k int) string { return seed[:k] })
		row("from ", func(k int) string { return seed[k:] })
		for _, c := range neighbourBytes {
			row(c, func(k int) string { return seed[:k] + c + seed[k+1:] })
		}
		fmt.Fprintf(&b, "%q %d steps\n\t%s\n", seed, steps, strings.Join(legend, " "))
		for _, line := range order {
			fmt.Fprintf(&b, "%s\t%q\n", line, rows[line])
		}
	}
	golden(t, "neighbours.golden", b.String())
}
