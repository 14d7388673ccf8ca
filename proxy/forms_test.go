package proxy_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"go.etcd.io/bbolt"
)

// TestFormsAreThoseOfTheStores: what a data folder says of its forms is what its stores say of themselves, at most: a
// store whose form goes up without this file is not refused by the version before.
func TestFormsAreThoseOfTheStores(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, queuedFolder(t, v.URL))
	data := filepath.Join(filepath.Dir(r.file), "data")
	if w := r.operate("POST", "/tokens", `{"name":"x","roles":["read"]}`); w.Code/100 != 2 {
		t.Log(w.Body) // its file is looked at where there is one
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	said := map[string]int{}
	for line := range strings.Lines(read(t, filepath.Join(data, "format"))) {
		part, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.Atoi(number); err == nil {
			said[part] = n
		}
	}
	is := map[string]int{}
	for part, file := range map[string]string{"keys": "keys/state", "tokens": "tokens.json", "acts": "acts"} {
		if text, err := os.ReadFile(filepath.Join(data, filepath.FromSlash(file))); err == nil {
			is[part] = int(gjson.GetBytes(text, "version").Int())
		}
	}
	db, err := bbolt.Open(filepath.Join(data, "objections", "objections.db"), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.View(func(tx *bbolt.Tx) error {
		is["objections"], err = strconv.Atoi(string(tx.Bucket([]byte("meta")).Get([]byte("format"))))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(is) < 2 || is["keys"] == 0 {
		t.Fatalf("looked at %v", is)
	}
	for part, n := range is {
		if n < 1 || n > said[part] {
			t.Errorf("the store of %s has form %d, and data/format says %d", part, n, said[part])
		}
	}
}
