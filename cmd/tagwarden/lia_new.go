package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/assess"
)

// isTerminal tells whether people sit at a file: a character device, and not the one that is nothing.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	nothing, err := os.Stat(os.DevNull)
	return err == nil && !os.SameFile(info, nothing)
}

func liaNew(_ context.Context, t *terminal, args []string) int {
	f := t.flags("lia new", "--config FILE [--from FILE]")
	file := f.String("config", "tagwarden.yaml", "the server file")
	from := f.String("from", "", "a YAML file with answers, by the keys of an assessment; what it lacks is asked for; - is standard input")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	loaded, code := t.knowing(*file)
	if loaded == nil {
		return code
	}
	answers := new(assess.Answers)
	if *from != "" {
		text, err := t.readFile(*from)
		if err != nil {
			t.fail("--from: %v", err)
			return usage
		}
		if answers, err = assess.ReadAnswers(*from, text); err != nil {
			printf(t.out, "%v\n", err)
			return findings
		}
	}
	if missing := answers.Missing(); len(missing) > 0 && (!t.tty || *from == "-") {
		for _, q := range missing {
			printf(t.out, "%s is missing: %s %s\n", q.Key, q.Ask, q.Good)
		}
		t.hint("on a terminal they are asked for; else --from FILE holds them all")
		return findings
	}
	if err := askAll(t, answers, loaded); err != nil {
		printf(t.out, "\n")
		t.fail("%v: nothing was written", err)
		return usage
	}
	path, err := answers.Write(loaded)
	if err != nil {
		t.fail("%v", err)
		return findings
	}
	printf(t.out, "wrote %s\n", path)
	t.hint("name it in an activity of policy/activities.yaml, see what `tagwarden lia check` says, and have it approved: `tagwarden lia approve`")
	return fine
}

// errEnd is what asking ends with where there are no more lines.
var errEnd = errors.New("the answers ended")

// askAll asks what has no answer yet, again and again until the answer will do.
func askAll(t *terminal, answers *assess.Answers, loaded *config.Loaded) error {
	lines := bufio.NewReader(t.in)
	proposals := map[string]string{"id": assess.FreeID(loaded, t.now()), "version": "1", "dpia": "none",
		"objection.compelling_grounds": "none"}
	step := ""
	for _, q := range answers.Missing() {
		if q.Step != "" && q.Step != step {
			step = q.Step
			printf(t.out, "\n%s\n", step)
		}
		for {
			printf(t.out, "\n%s\n  A good answer: %s.\n", q.Ask, q.Good)
			if p := proposals[q.Key]; p != "" {
				printf(t.out, "  Enter alone: %s\n", p)
			}
			printf(t.out, "%s> ", q.Key)
			line, err := lines.ReadString('\n')
			if err != nil { // also in the middle of a line: what was not finished is no answer
				if errors.Is(err, io.EOF) {
					return errEnd
				}
				return fmt.Errorf("cannot read the answer: %w", err)
			}
			if strings.TrimSpace(line) == "" && proposals[q.Key] != "" {
				line = proposals[q.Key]
			}
			fault := answers.Answer(q, line, loaded)
			if fault == nil {
				break
			}
			printf(t.out, "  %v\n", fault)
		}
	}
	return nil
}
