package config

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestLedger: what the server file says of the log, in each form that is read.
func TestLedger(t *testing.T) {
	t.Parallel()
	const key = "witness.example/w1+aa4a09d1+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
	for _, c := range []struct {
		written, origin string // "": the default's
		copies          []string
		any             int
	}{
		{"", "shop.example/tagwarden", nil, 1},
		{"ledger: { checkpoint_to: /mnt/a }", "shop.example/tagwarden", []string{"/mnt/a"}, 1},
		{"ledger: { checkpoint_to: a/b }", "shop.example/tagwarden", []string{"dir/a/b"}, 1},
		{"ledger: { checkpoint_to: [./a, \"https://x.example/y\"] }", "shop.example/tagwarden",
			[]string{"dir/a", "https://x.example/y"}, 1},
		{"ledger: { origin: other.example/log, checkpoint_to: [] }", "other.example/log", nil, 1},
		{"ledger: { witness: { of: [{ url: \"https://w.example/\", key: \"" + key + "\" }] } }",
			"shop.example/tagwarden", nil, 1},
	} {
		files := base(t)
		files["tagwarden.yaml"] = append(files["tagwarden.yaml"], c.written+"\n"...)
		source := SourceOf(files)
		source.Path = "dir/tagwarden.yaml"
		loaded, err := Compile(source, basis.Past{})
		if err != nil {
			t.Errorf("%s: %v", c.written, err)
			continue
		}
		l := &loaded.Server.Ledger
		if cmp.Or(l.Origin, loaded.DefaultOrigin) != c.origin || !slices.Equal(l.CheckpointTo, c.copies) ||
			l.Witness.Any != c.any || l.Reserve != 64<<20 {
			t.Errorf("%s: %+v", c.written, l)
		}
	}
}

// TestLogIsNamedAfterTheFirstSite: the one that stands first in the file.
func TestLogIsNamedAfterTheFirstSite(t *testing.T) {
	t.Parallel()
	for hosts, want := range map[string]string{
		"zoo.example, a.example": "zoo.example/tagwarden", "localhost, 127.0.0.1, zoo.example": "zoo.example/tagwarden",
		"localhost, 127.0.0.1": "shop.example/tagwarden",
	} {
		files := base(t)
		files["tagwarden.yaml"] = []byte(strings.Replace(string(files["tagwarden.yaml"]), "sites:\n",
			"sites:\n  zoo:\n    hosts: ["+hosts+"]\n", 1))
		if loaded, err := compiled(files); err != nil || loaded.DefaultOrigin != want {
			t.Errorf("%s: %v", hosts, err)
		}
	}
}

// TestExports: one receiver may stand alone, or one of each kind; files are those beside the server file.
func TestExports(t *testing.T) {
	t.Parallel()
	const syslog, otlp = `syslog: { address: "siem.example:6514", ca: ca.pem }`,
		`otlp: { url: "https://otel.example", secret_file: /s, subjects: false }`
	for written, want := range map[string]int{
		"export: { " + syslog + ", " + otlp + " }": 1, "export: [{ " + syslog + " }, { " + otlp + " }]": 2,
	} {
		files := base(t)
		files["tagwarden.yaml"] = append(files["tagwarden.yaml"], "ledger: { retain: 90d, "+written+" }\n"...)
		source := SourceOf(files)
		source.Path = "dir/tagwarden.yaml"
		loaded, err := Compile(source, basis.Past{})
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		all := loaded.Server.Ledger.Export
		s, o := all[0].Syslog, all[len(all)-1].OTLP
		if len(all) != want || s == nil || o == nil {
			t.Errorf("%s: %+v", written, all)
			continue
		}
		if s.ID() != "siem.example" || !s.TLS || s.Private || s.CA != "dir/ca.pem" || s.Facility != "audit" ||
			s.Enterprise != 32473 ||
			!s.Subjects || s.Behind != 1_000_000 {
			t.Errorf("%s: %+v", written, s)
		}
		if o.ID() != "otel.example" || o.SecretFile != "/s" || o.Subjects || o.Behind != 1_000_000 {
			t.Errorf("%s: %+v", written, o)
		}
	}
}

// TestCopyInTheDataFolder: who can change the log could change it as well.
func TestCopyInTheDataFolder(t *testing.T) {
	t.Parallel()
	files := base(t)
	files["tagwarden.yaml"] = append(files["tagwarden.yaml"], "ledger: { retain: 90d, checkpoint_to: ./data/copy }\n"...)
	loaded, err := compiled(files)
	if err != nil || !strings.Contains(loaded.Warnings.Error(), "the copy would lie in the data folder") {
		t.Errorf("%v, %v", loaded.Warnings, err)
	}
}
