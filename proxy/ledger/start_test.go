package ledger_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

func copyOf(t *testing.T, from string) string {
	t.Helper()
	into := t.TempDir()
	if err := os.CopyFS(into, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return into
}

// starts starts a ledger once more, and ends it.
func starts(t *testing.T, o ledger.Options, hits ...uint64) error {
	t.Helper()
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		return err
	}
	for _, n := range hits {
		err = errors.Join(err, hit(l, n))
	}
	return errors.Join(err, l.Err(), l.Close())
}

func matching(t *testing.T, dir, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, %v", pattern, paths, err)
	}
	return paths
}

// TestDamagedIndex: what can be made again of a ledger's lines is, and said; the tree stays what it was.
func TestDamagedIndex(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data := dataFolder(t)
		o := signing(t, data, nil)
		o.Seal = time.Minute
		l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		for n := range uint64(700) { // more than two tiles
			if err := hit(l, n); err != nil {
				t.Fatal(err)
			}
			<-time.After(200 * time.Millisecond)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		before := reread(t, o)
		flip := func(at func(size int) int) func(string) error {
			return func(path string) error {
				b, err := os.ReadFile(path)
				if err != nil || len(b) == 0 {
					return err
				}
				b[at(len(b))] ^= 4
				return os.WriteFile(path, b, 0o600)
			}
		}
		for what, damage := range map[string]func(path string) error{
			"missing":         os.Remove,
			"empty":           func(path string) error { return os.Truncate(path, 0) },
			"short":           func(path string) error { return os.Truncate(path, 40) },
			"its first byte":  flip(func(int) int { return 0 }),
			"its last byte":   flip(func(size int) int { return size - 1 }),
			"one byte longer": func(path string) error { return appended(path, "x") },
			"a hash longer":   func(path string) error { return appended(path, strings.Repeat("x", 32)) },
		} {
			for _, files := range []string{"*.level1", "*.hash", "*.sum", "*.level*", "*.[hs]*", "*.[lhs]*"} {
				copied := o
				root := copyOf(t, data)
				copied.Dir, copied.Known = filepath.Join(root, "ledger"), filepath.Join(root, "keys", "checkpoint")
				var said told
				copied.Report = said.report
				for _, path := range matching(t, copied.Dir, files) {
					if strings.Contains(path, ".pub") {
						continue
					}
					if err := damage(path); err != nil {
						t.Fatal(err)
					}
				}
				if err := starts(t, copied, 1000); err != nil {
					t.Errorf("%s: %s: %v", files, what, err)
					continue
				}
				if err := starts(t, copied, 1001); err != nil {
					t.Errorf("%s: %s: the second start: %v", files, what, err)
				}
				after := reread(t, copied)
				if len(after.hits) != len(before.hits)+2 || strings.Join(after.lines[:len(before.lines)], "") != strings.Join(
					before.lines, "") {
					t.Errorf("%s: %s: %d hits, there were %d", files, what, len(after.hits), len(before.hits))
				}
			}
		}
	})
}

func appended(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// TestRefusedStart: a ledger that is not the one that was, or cannot be read, is not gone on with; what is to be done
// is said. Where a person accepts it as it is, that is recorded, and the start after that is one as any other.
func TestRefusedStart(t *testing.T) {
	t.Parallel()
	const hint = "logs restore"
	for what, c := range map[string]struct {
		change func(t *testing.T, o ledger.Options, older string) error
		want   error  // nil: it starts
		says   string // of it
		no     bool   // it cannot be accepted
	}{
		"nothing changed": {change: func(*testing.T, ledger.Options, string) error { return nil }},
		"an older folder, and the checkpoint beside the keys": {
			func(t *testing.T, o ledger.Options, older string) error {
				return errors.Join(os.RemoveAll(o.Dir), os.CopyFS(o.Dir, os.DirFS(filepath.Join(older, "ledger"))))
			}, tree.ErrSmaller, hint, false,
		},
		"an older checkpoint beside the keys alone": {
			change: func(t *testing.T, o ledger.Options, older string) error {
				return os.Rename(filepath.Join(older, "keys", "checkpoint"), o.Known)
			},
		},
		"older segments under the newest checkpoint": {
			func(t *testing.T, o ledger.Options, older string) error {
				for _, path := range matching(t, o.Dir, "0*") {
					if err := os.Remove(path); err != nil {
						return err
					}
				}
				for _, path := range matching(t, filepath.Join(older, "ledger"), "0*") {
					if err := os.Rename(path, filepath.Join(o.Dir, filepath.Base(path))); err != nil {
						return err
					}
				}
				return os.Remove(o.Known)
			}, tree.ErrSmaller, hint, false,
		},
		"the last segment is gone": {
			func(t *testing.T, o ledger.Options, older string) error {
				segments := segmentFiles(t, o.Dir)
				return os.Remove(segments[len(segments)-1])
			}, tree.ErrSmaller, hint, false,
		},
		"the last records are cut off": {
			func(t *testing.T, o ledger.Options, older string) error {
				segments := segmentFiles(t, o.Dir)
				return os.Truncate(segments[len(segments)-1], 200)
			}, tree.ErrSmaller, hint, false,
		},
		"another log of the same key, and as large": {
			func(t *testing.T, o ledger.Options, older string) error {
				known, err := os.ReadFile(o.Known)
				if err != nil {
					return err
				}
				data := dataFolder(t)
				other := signing(t, data, nil)
				other.Node = "node-2"
				for start := range uint64(2) {
					if l := live(other, 1+start*100, 13+start*100); l.err != nil {
						return l.err
					}
				}
				return errors.Join(os.RemoveAll(o.Dir), os.Rename(other.Dir, o.Dir), os.WriteFile(o.Known, known, 0o600),
					os.WriteFile(filepath.Join(o.Dir, ledger.CheckpointFile), known, 0o600))
			}, tree.ErrOther, hint, false,
		},
		"a checkpoint of another key": {
			func(t *testing.T, o ledger.Options, older string) error {
				signer, err := tree.NewSigner(origin, [32]byte{7})
				if err != nil {
					return err
				}
				text, err := signer.Sign(checkpointOf(t, o).Tree)
				return errors.Join(err, os.WriteFile(o.Known, text, 0o600))
			}, ledger.ErrForeign, hint, false,
		},
		"no checkpoint any more, but noise": {
			func(t *testing.T, o ledger.Options, older string) error {
				return os.WriteFile(o.Known, []byte("noise\n"), 0o600)
			},
			tree.ErrCheckpoint, hint, false,
		},
		"a damaged line in the segment that was written": {
			func(t *testing.T, o ledger.Options, older string) error {
				segments := segmentFiles(t, o.Dir)
				text, err := os.ReadFile(segments[len(segments)-1])
				if err != nil {
					return err
				}
				text[20] ^= 1
				return os.WriteFile(segments[len(segments)-1], text, 0o600)
			}, new(ledger.Damage), ".jsonl:1: record ", true,
		},
		"half a line behind the last one": {
			change: func(t *testing.T, o ledger.Options, older string) error {
				segments := segmentFiles(t, o.Dir)
				return appended(segments[len(segments)-1], `{"time":"2000-`)
			},
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				data := dataFolder(t)
				o := signing(t, data, nil)
				if l := live(o, 1, 13); l.err != nil {
					t.Fatal(l.err)
				}
				older := copyOf(t, data)
				if l := live(o, 101, 113); l.err != nil {
					t.Fatal(l.err)
				}
				if err := c.change(t, o, older); err != nil {
					t.Fatal(err)
				}
				err := starts(t, o, 1000)
				if c.want == nil {
					if err != nil {
						t.Error(err)
					}
					reread(t, o)
					return
				}
				_, damaged := errors.AsType[*ledger.Damage](err)
				if !errors.Is(err, c.want) && (!c.no || !damaged) || !strings.Contains(fmt.Sprint(err), c.says) {
					t.Errorf("it starts: %v", err)
				}
				if c.no {
					return
				}
				if err := ledger.Restore(o.Dir, "the disk broke", nil); err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(starts(t, o, 1000), starts(t, o, 1001)); err != nil {
					t.Errorf("it was accepted: %v", err)
				}
				got := reread(t, o)
				if n := strings.Count(strings.Join(got.lines, "\n"), `"kind":"restored"`); n != 1 || got.hits[1000] != 1 {
					t.Errorf("%d records say so", n)
				}
				if _, err := os.Stat(filepath.Join(o.Dir, "restore.json")); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the next start would be told again: %v", err)
				}
			})
		})
	}
}

// TestTorn: what a process that died left behind its last record is no record, and is counted in the segment's summary.
func TestTorn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := signing(t, dataFolder(t), nil)
		o.Seal = 4 * time.Second
		if err := starts(t, o, 1, 2); err != nil {
			t.Fatal(err)
		}
		const half = `{"time":"2000-01-01T00:00:00Z","kind":"event","hit":3,`
		if err := appended(segmentFiles(t, o.Dir)[0], half); err != nil {
			t.Fatal(err)
		}
		l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(3 * time.Second)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		of, _, err := ledger.ReadSummary(o.Dir, 0)
		if err != nil || of.Torn != int64(len(half)) || of.Aside != 0 {
			t.Errorf("%+v, %v", of, err)
		}
		if got := reread(t, o); len(got.hits) != 2 || !strings.Contains(strings.Join(got.lines, ""), `"torn":54`) {
			t.Errorf("%v", got.hits)
		}
	})
}

// TestNothingMoves: a ledger to which nothing happens stays as it is: no segment is begun, no checkpoint signed.
func TestNothingMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := signing(t, dataFolder(t), nil)
		l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		if err := hit(l, 1); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * sealed)
		next := l.Next()
		<-time.After(20 * sealed)
		if l.Next() != next || len(segmentFiles(t, o.Dir)) != 2 {
			t.Errorf("%d records came of themselves, in %d segments", l.Next()-next, len(segmentFiles(t, o.Dir)))
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
