package main

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap"
)

// TestTheLogDoesNotFloodWhereEveryHitFails: what is said again and again is said a
// few times, and other things beside it.
func TestTheLogDoesNotFloodWhereEveryHitFails(t *testing.T) {
	var out strings.Builder
	log := logger(&terminal{err: &out})
	for range 10_000 {
		log.Error("decisions cannot be recorded", zap.Error(errors.New("no space left on device")))
	}
	log.Error("reload refused")
	if n := strings.Count(out.String(), "\n"); n > 20 || !strings.Contains(out.String(), "decisions cannot be recorded") ||
		!strings.Contains(out.String(), "reload refused") {
		t.Errorf("%d lines", n)
	}
}
