package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// waiting are the arguments with which each verb waits for a file that nobody writes (FILE). SHOP is a server file.
// A verb that waits for nothing has none.
var waiting = map[string]string{
	"init": "", "schema": "", "docs": "", "version": "", "signals": "", "completion": "",
	"health": "--config FILE.yaml",
	"demo":   "", // see TestInterruptTidily

	"serve": "--config FILE.yaml", "check": "--config FILE.yaml", "promises": "--config FILE.yaml",
	"test":    "--config FILE.yaml",
	"explain": "--config SHOP --hit FILE.http", "replay": "--config SHOP FILE.jsonl", "scan": "FILE.jsonl",
	"import": "gtm FILE.json",
	"diff":   "FILE.yaml FILE.yaml", "notice": "--config FILE.yaml --lang en", "report": "art30 --config FILE.yaml",
	"snippet": "--config FILE.yaml ga4", "catalog": "check FILE.yaml", "keys": "list --config FILE.yaml",
	"logs tail": "-f --config FILE.yaml", "logs audit": "--config FILE.yaml", "logs why": "--config FILE.yaml 1",
	"logs search": "--config FILE.yaml", "logs subject": "--config FILE.yaml client_id=x",
	"logs verify": "--config FILE.yaml", "logs prove": "--config FILE.yaml 1", "logs check-proof": "--key " +
		"shop.example/tagwarden+45674605+AdE4bIivJ9T9bxFEdlFtIG/bIupts1ieqmGunRYIc/t3 FILE.jsonl",
	"logs erase":     "--config FILE.yaml --subject 01000000000000000000000000000000 --because y --yes",
	"logs retention": "--config FILE.yaml",
	"logs set-aside": "--config FILE.yaml --because y", "logs restore": "--config FILE.yaml --because y",
	"logs export": "--tiles x --config FILE.yaml", "logs witnesses": "--config FILE.yaml",

	"lia new": "--config SHOP --from FILE.yaml", "lia list": "--config FILE.yaml", "lia check": "--config FILE.yaml",
	"lia render": "--config FILE.yaml x", "lia approve": "--config FILE.yaml x --key SHOP",
	"lia diff": "--config FILE.yaml x", "lia revoke": "--config FILE.yaml x --because y",

	"objections add":      "--config FILE.yaml --id client_id=x --all",
	"objections withdraw": "--config FILE.yaml --id client_id=x --all --because y",
	"objections decide":   "--config FILE.yaml --list",
	"objections check":    "--config FILE.yaml client_id=x",
	"objections import":   "--config SHOP --all FILE.csv",
	"objections export":   "--config FILE.yaml",
	"objections stats":    "--config FILE.yaml",
	"objections link":     "--config FILE.yaml --id client_id=x --all",
	"objections feed-key": "--config FILE.yaml",
	"objections backup":   "--config FILE.yaml copy",
	"objections restore":  "--config FILE.yaml --because y",

	"queue status": "--config FILE.yaml", "queue inspect": "--config FILE.yaml", "queue retry": "--config FILE.yaml",
	"queue purge": "--config FILE.yaml --all --yes --because y", "backup": "--config FILE.yaml copy",
	"tap":            "--config FILE.yaml",
	"restore":        "--config FILE.yaml .",
	"cluster status": "--config FILE.yaml", "cluster join": "--config FILE.yaml --from copy",
	"cluster restore": "--config FILE.yaml",

	"token create": "--config FILE.yaml --name x --role objections-read",
	"token list":   "--config FILE.yaml", "token revoke": "--config FILE.yaml x",
}

// TestFoldersAreNoServerFiles: whatever verb is given a folder where a server file
// is wanted says which file in it is one.
func TestFoldersAreNoServerFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shop")
	if _, err := config.Init(dir, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	want := "it is a folder; " + filepath.Join(dir, "tagwarden.yaml") + " is the server file in it"
	asked := 0
	for verb, args := range waiting {
		if !strings.Contains(args, "--config FILE.yaml") && verb != "diff" {
			continue
		}
		asked++
		all := append(strings.Fields(verb), strings.Fields(strings.ReplaceAll(args, "FILE.yaml", dir))...)
		var said strings.Builder
		code := run(t.Context(), &terminal{in: strings.NewReader(""), out: &said, err: &said, now: time.Now}, all)
		if code != usage || !strings.Contains(said.String(), want) {
			t.Errorf("%q: %d, %s", all, code, &said)
		}
	}
	if asked < 30 {
		t.Errorf("%d verbs were asked", asked)
	}
}

// TestInterrupt: SIGINT and SIGTERM end every verb, whatever it waits for, as they end a program that does not catch
// them.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	made, err := config.Init(filepath.Join(t.TempDir(), "shop"), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range verbNames() {
		args, known := waiting[name]
		if !known {
			t.Errorf("with which arguments does %q wait for a file?", name)
		}
		if args == "" {
			continue
		}
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(name+" "+s.String(), func(t *testing.T) {
				t.Parallel()
				interrupt(t, strings.Fields(name+" "+strings.ReplaceAll(args, "SHOP", made.Server)), s)
			})
		}
	}
}

// verbNames are the names of all verbs, and of the verbs of those.
func verbNames() []string {
	groups := verbsBelow()
	var names []string
	for _, v := range verbs() {
		of := groups[v.name]
		if of == nil {
			names = append(names, v.name)
		}
		for _, sub := range of {
			names = append(names, v.name+" "+sub.name)
		}
	}
	return names
}

// interrupt runs a verb until it waits, and sends it a signal.
func interrupt(t *testing.T, args []string, s syscall.Signal) {
	t.Helper()
	fifo, folder := "", t.TempDir()
	for i, arg := range args {
		if strings.HasPrefix(arg, "FILE") {
			fifo = filepath.Join(folder, arg)
			if err := syscall.Mkfifo(fifo, 0o600); err != nil && !errors.Is(err, os.ErrExist) {
				t.Fatal(err)
			}
			args[i] = fifo
		}
	}
	command := exec.CommandContext(t.Context(), "tagwarden", args...)
	command.Dir = t.TempDir()
	var errs bytes.Buffer
	command.Stderr = &errs
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	held := openWhenRead(t, fifo, out)
	defer func() { _ = held.Close() }()
	if err := command.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	err = command.Wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		t.Fatalf("it ended with %v", err)
	}
	if status := exit.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != s {
		t.Errorf("it ended with %v, not by %v: %s", exit, s, errs.String())
	}
}

// openWhenRead opens a named pipe for writing as soon as a process opens it for reading, which waits from then on.
func openWhenRead(t *testing.T, fifo string, out io.Reader) *os.File {
	t.Helper()
	opened, ended := make(chan *os.File, 1), make(chan struct{})
	go func() {
		f, _ := os.OpenFile(fifo, os.O_WRONLY, 0)
		opened <- f
	}()
	go func() {
		_, _ = io.Copy(io.Discard, out)
		close(ended)
	}()
	select {
	case f := <-opened:
		return f
	case <-ended:
		if f, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil {
			_ = f.Close() // the goroutine goes on
		}
		t.Fatalf("it ended, and had not opened %s", fifo)
		return nil
	}
}

// ignored are signals that this process was started with as ignored, as nohup does: what it starts ignores them too.
// Once somebody here has asked for one, package signal no longer says so.
var ignored = func() (all []syscall.Signal) {
	for _, one := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE} {
		if signal.Ignored(one) {
			all = append(all, one)
		}
	}
	return all
}()

// TestInterruptTidily: a verb that has something left to do at its end does it, and says so by its exit
// code, also where its terminal was closed.
func TestInterruptTidily(t *testing.T) {
	t.Parallel()
	for _, by := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE} {
		if slices.Contains(ignored, by) {
			continue
		}
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			endsTidily(t, by)
		})
	}
}

func endsTidily(t *testing.T, by os.Signal) {
	t.Helper()
	temporary := t.TempDir()
	command := exec.CommandContext(t.Context(), "tagwarden", "demo")
	command.Env = append(os.Environ(), "TMPDIR="+temporary)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "http://") { // where the pages are
		continue
	}
	if err := command.Process.Signal(by); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		continue
	}
	if err := command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// TestInterruptTwice: what waits at its end, for a hit that does not come whole say, is ended by a second SIGINT.
func TestInterruptTwice(t *testing.T) {
	t.Parallel()
	server := &running{t: t, file: writeKilled(t, "127.0.0.1:1")}
	server.start()
	defer server.kill()
	hit, err := net.Dial("tcp", server.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hit.Close() }()
	const head = "POST /g/collect?v=2 HTTP/1.1\r\n" +
		"Host: shop.example\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
	if _, err := io.WriteString(hit, head); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(hit).ReadString('\n'); err != nil { // 100 Continue: the hit has begun
		t.Fatal(err)
	}
	if err := server.command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for {
		more, err := net.Dial("tcp", server.hits)
		if err != nil {
			break // it takes no more
		}
		_ = more.Close()
	}
	if err := server.command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	exit, ok := errors.AsType[*exec.ExitError](server.command.Wait())
	if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v, not by the second SIGINT", exit)
	}
}
