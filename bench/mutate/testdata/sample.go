// Package sample is changed by the tests of the tool: it holds one place of each kind.
package sample

import (
	"errors"
	"fmt"
)

type colour int

const (
	red colour = iota
	green
	blue
)

var errWrong = errors.New("wrong")

func pick(text []byte, c colour) ([]byte, error) {
	if len(text) == 0 || c < red {
		return nil, errWrong
	}
	switch c {
	case red, green:
		fmt.Println("warm")
	case blue:
		text = text[1:2]
	}
	switch {
	case len(text) > 5 && !plain(text):
		return nil, fmt.Errorf("too long: %d", len(text))
	}
	for i := 0; i < len(text); i++ {
		text[i]++
	}
	return text, nil
}

func plain(text []byte) (ok bool) { return true }
