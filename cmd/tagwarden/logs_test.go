package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// shownText is what a verb has shown so far.
type shownText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shownText) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// take is what was shown since it was asked last.
func (s *shownText) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.text.Reset()
	return s.text.String()
}

// noted are records from a number on, each with its number as text.
func noted(first, end uint64) []byte {
	var b []byte
	for n := first; n < end; n++ {
		b = segment.AppendLine(b, fmt.Appendf(nil, `{"time":"2026-11-29T12:00:00.5Z","kind":"reload","text":"note %d"}`, n))
	}
	return b
}

// asShown is how they are shown.
func asShown(first, end uint64) string {
	var b strings.Builder
	for n := first; n < end; n++ {
		fmt.Fprintf(&b, "#%d  2026-11-29 12:00:00.500  reload note %d\n", n, n)
	}
	return b.String()
}

// TestTailFollows: what is written is shown within 200 ms, once and in order, over segments that are begun, packed and
// deleted, a torn one, and one that was written again.
func TestTailFollows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(first uint64, suffix string) string { return filepath.Join(dir, segment.FileName(first, suffix)) }
	write := func(path string, text []byte) {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = file.Write(text)
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	pack := func(first, end uint64) {
		z, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		write(at(first, ".packing"), z.EncodeAll(noted(first, end), nil))
		err = errors.Join(os.Rename(at(first, ".packing"), at(first, ".jsonl.zst")), os.Remove(at(first, ".jsonl")))
		if err != nil {
			t.Fatal(err)
		}
	}
	half := noted(20, 21)[:30]
	write(at(0, ".jsonl"), noted(0, 10))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var out, errs shownText
		code := make(chan int)
		go func() {
			on := terminal{out: &out, err: &errs, now: time.Now}
			code <- run(ctx, &on, []string{"logs", "tail", "-f", "--lines", "3", "--dir", dir})
		}()
		for _, step := range []struct {
			what string
			do   func()
			want string
		}{
			{"the last ones", func() {}, asShown(7, 10)},
			{"one more", func() { write(at(0, ".jsonl"), noted(10, 11)) }, asShown(10, 11)},
			{"nothing", func() {}, ""},
			{"half a record", func() { write(at(0, ".jsonl"), noted(11, 12)[:20]) }, ""},
			{"its end", func() { write(at(0, ".jsonl"), noted(11, 12)[20:]) }, asShown(11, 12)},
			{"another segment", func() { write(at(12, ".jsonl"), noted(12, 14)) }, asShown(12, 14)},
			{"packing", func() { pack(0, 12) }, ""},
			{"one more in the second", func() { write(at(12, ".jsonl"), noted(14, 15)) }, asShown(14, 15)},
			{"a last one, the next segment, and packing at once", func() {
				write(at(12, ".jsonl"), noted(15, 16))
				write(at(16, ".jsonl"), noted(16, 20))
				pack(12, 16)
			}, asShown(15, 20)},
			{"the first is deleted", func() {
				if err := os.Remove(at(0, ".jsonl.zst")); err != nil {
					t.Fatal(err)
				}
			}, ""},
			{"torn, and the next segment", func() {
				write(at(16, ".jsonl"), half)
				write(at(20, ".jsonl"), noted(20, 21))
			}, asShown(20, 21)},
			{"not synced", func() { write(at(20, ".jsonl"), noted(21, 24)) }, asShown(21, 24)},
			{"and written again", func() { write(at(22, ".jsonl"), noted(22, 25)) }, asShown(24, 25)},
		} {
			step.do()
			<-time.After(200 * time.Millisecond)
			if got := out.take(); got != step.want {
				t.Errorf("%s: shown is\n%swant\n%s", step.what, got, step.want)
			}
		}
		cancel()
		const copied = "that it is read is not recorded: it is a copy"
		if got, said := <-code, errs.take(); got != fine || !strings.Contains(said, copied) ||
			strings.Count(said, "\n") != 1 {
			t.Errorf("exit code %d, %s", got, said)
		}
	})
}

// TestTailWaitsForALog: a folder without records gets some.
func TestTailWaitsForALog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var out, errs shownText
		code := make(chan int)
		go func() {
			on := terminal{out: &out, err: &errs, now: time.Now}
			code <- run(ctx, &on, []string{"logs", "tail", "--follow", "--dir", dir, "--format", "json"})
		}()
		<-time.After(time.Second)
		if err := os.WriteFile(filepath.Join(dir, segment.FileName(0, ".jsonl")), noted(0, 2), 0o600); err != nil {
			t.Fatal(err)
		}
		<-time.After(200 * time.Millisecond)
		if got := out.take(); got != string(noted(0, 2)) {
			t.Errorf("shown is %s", got)
		}
		cancel()
		if got := <-code; got != fine {
			t.Error(got, errs.take())
		}
	})
}
