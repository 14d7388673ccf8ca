package config

import (
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tagwarden/tagwarden/config/internal/files"
	"github.com/tagwarden/tagwarden/config/strict"
)

// namedKeys are the keys of the server file whose description calls what they hold a file, as "webhooks[].secret_file".
func namedKeys(of reflect.Type, path string, seen []reflect.Type, add func(path string)) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch of.Kind() {
	case reflect.Slice, reflect.Map:
		namedKeys(of.Elem(), path+"[]", seen, add)
	case reflect.Struct:
		if slices.Contains(seen, of) || of.PkgPath() != reflect.TypeFor[Server]().PkgPath() {
			return
		}
		for f := range of.Fields() {
			key, doc := f.Tag.Get("yaml"), f.Tag.Get("doc")
			if key == "" {
				continue
			}
			at := strings.TrimPrefix(path+"."+key, ".")
			if regexp.MustCompile(`^(Files? |Style sheet |.*: files on )`).MatchString(doc) {
				add(at)
			}
			namedKeys(f.Type, at, append(seen, of), add)
		}
	}
}

// TestEveryNamedFileIsLookedAt: what the server file names as a file is read by [Source], or is among namedFiles.
func TestEveryNamedFileIsLookedAt(t *testing.T) {
	t.Parallel()
	var got []string
	namedKeys(reflect.TypeFor[Server](), "", nil, func(path string) { got = append(got, path) })
	looked := map[string]bool{"sites[].region.database": true, "sites[].privacy.css": true, "sites[].privacy.logo": true,
		"sites[].choices.texts": true}
	for i := range namedFiles {
		var path strings.Builder
		for _, step := range namedFiles[i].at {
			if key, is := step.(string); is {
				path.WriteString("." + key)
			} else {
				path.WriteString("[]")
			}
		}
		looked[strings.TrimPrefix(path.String(), ".")] = true
	}
	for _, key := range got {
		if !looked[key] {
			t.Errorf("nobody looks at what kind of a file %s is", key)
		}
	}
	if len(got) < 12 {
		t.Errorf("keys that name files: %v", got)
	}
}

// TestNoDeviceIsRead names a device, a pipe and a folder by every key that names a file. Each is refused at its place,
// with what would be right, and nothing of it is read.
func TestNoDeviceIsRead(t *testing.T) {
	t.Parallel()
	const file = `version: 1
tls: { cert: NAME, key: NAME }
keys: { root: NAME }
cluster: { name: eu1, nats: ["nats://10.0.0.1:4222"], creds: NAME, ca: NAME }
webhooks: [{ url: "https://hooks.example/x", events: [objection], secret_file: NAME }]
ledger:
  checkpoint_to: [NAME]
  export:
    - { otlp: { url: "https://otlp.example", ca: NAME, secret_file: NAME } }
    - { syslog: { address: "siem.example:6514", ca: NAME } }
sites:
  shop:
    hosts: [shop.example]
    region: { database: NAME }
    privacy: { css: NAME, logo: NAME }
    choices: { texts: [NAME] }
    signals: { receipts: { secret_file: NAME } }
vendors:
  ga4: { catalog: ga4, senders: { token_file: NAME } }
  matomo: { catalog: matomo, upstream: "http://10.0.0.7:8000", private: true }
`
	const alone = `version: 1
ledger:
  checkpoint_to: NAME
  export:
    otlp: { url: "https://otlp.example", ca: NAME, secret_file: NAME }
    syslog: { address: "siem.example:6514", ca: NAME }
sites: { shop: { hosts: [shop.example] } }
vendors:
  ga4: { catalog: ga4 }
  matomo: { catalog: matomo, upstream: "http://10.0.0.7:8000", private: true }
`
	for what, name := range map[string]string{"a device": "/dev/zero", "a pipe": "./pipe", "a folder": "."} {
		for _, text := range []string{file, alone} {
			all := base(t)
			all["tagwarden.yaml"] = []byte(strings.ReplaceAll(text, "NAME", name))
			server := files.Written(t, all)
			if err := syscall.Mkfifo(filepath.Join(filepath.Dir(server), "pipe"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(server)
			found, _ := err.(strict.Faults) //nolint:errorlint // Load says so
			said := map[string]bool{}
			for _, fault := range found {
				if strings.Contains(fault.Msg, "it is "+what) {
					said[fault.Place()] = true
				}
			}
			places := 0
			for i, line := range strings.Split(strings.ReplaceAll(text, "NAME", name), "\n") {
				for _, at := range regexp.MustCompile(`[ \[]`+regexp.QuoteMeta(name)+`([ ,\]]|$)`).FindAllStringIndex(line, -1) {
					place := strict.Fault{File: server, Line: i + 1, Column: at[0] + 2}.Place()
					if places++; !said[place] {
						t.Errorf("%s: %s is not refused: %s\n%v", place, what, line, err)
					}
				}
			}
			if places != strings.Count(text, "NAME") {
				t.Errorf("%d places of %d are looked at", places, strings.Count(text, "NAME"))
			}
		}
	}
}
