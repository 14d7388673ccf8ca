package ledger_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

func TestSmoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		seed := func(string) (s [32]byte) { return [32]byte{1} }
		for run := range 4 {
			l, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now, Origin: "shop.example/tagwarden", Seed: seed, Seal: time.Minute,
				Known: filepath.Join(dir, "..", "known"), Report: func(what string, err error) { t.Error(what, err) }}, ledger.Note{Kind: ledger.KindStart})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 1000 {
				if err := l.Append([]ledger.Event{{Hit: uint64(run*1000 + i), Shape: "a", Decision: "permit", LIA: "X", Version: run}}, func(int) ledger.Shape { return ledger.Shape{} }); err != nil {
					t.Fatal(err)
				}
				<-time.After(time.Second / 10)
			}
			if err := l.Err(); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			info, _ := f.Info()
			fmt.Println(f.Name(), info.Size())
		}
		b, _ := os.ReadFile(filepath.Join(dir, "checkpoint"))
		fmt.Println(string(b))
		s, err := ledger.Recover(dir)
		fmt.Println(s.Next(), s.Facts, s.Hits, err)
	})
}
