package proxy

import (
	"syscall"

	"go.uber.org/zap"
)

// What is there to be had of each, where descriptors last.
const (
	hitPlaces    = 4096
	hitBeside    = 32
	staffPlaces  = 256
	staffBeside  = 8
	vendorConns  = 64 // to one host of a vendor
	perNetwork   = 256
	ownFiles     = 64 // of the server itself: ledger, objections, keys, policy, listeners, commands
	mostToVendor = hitPlaces
)

// share is how descriptors are shared out: each connection takes one.
type share struct {
	limit, wanted int // how many there are, and how many were enough for all

	hits, hitsBeside   int // connections of visitors; see places.Options
	staff, staffBeside int // of the admin listener
	vendor             int // to one host of a vendor
}

// shareOut shares descriptors out among visitors, staff and so many hosts of vendors. A hit that is forwarded needs one
// to the vendor as well.
func shareOut(limit, hosts int) share {
	hosts = max(hosts, 1)
	vendors := min(vendorConns*hosts, mostToVendor)
	s := share{
		limit: limit, wanted: ownFiles + hitPlaces + hitBeside + staffPlaces + staffBeside + vendors,
		hits: hitPlaces, hitsBeside: hitBeside, staff: staffPlaces, staffBeside: staffBeside, vendor: vendorConns,
	}
	if limit >= s.wanted {
		return s
	}
	left := max(limit-ownFiles, 24)
	staff := min(max(left/12, 4), staffPlaces+staffBeside)
	vendors = min(vendors, (left-staff)*2/5)
	hits := min(left-staff-vendors, hitPlaces+hitBeside)
	s.hitsBeside, s.staffBeside = min(max(hits/8, 2), hitBeside), min(max(staff/8, 1), staffBeside)
	s.hits, s.staff = hits-s.hitsBeside, staff-s.staffBeside
	s.vendor = min(max(vendors/hosts, 2), vendorConns)
	return s
}

// workers is how many goroutines a server may have for connections. Places bound connections; those that made room end
// a little later, and that there is no goroutine must not be what ends one.
const workers = 1 << 18

// ofOne is how many of them one network may have: some are left to others.
func ofOne(places int) int { return min(perNetwork, max(places*3/4, 1)) }

// openFiles is how many files the process may have open. Go has raised that to the most it may be (package os, at the
// start).
func openFiles() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur > 1<<30 {
		return 1 << 30
	}
	return int(limit.Cur)
}

// warn says where there are too few, and what that comes to.
func (s share) warn(log *zap.Logger) {
	if s.limit < s.wanted {
		log.Warn("fewer files may be open than there are connections to be had: "+
			"raise the limit (ulimit -n, LimitNOFILE=, --ulimit nofile=)",
			zap.Int("limit", s.limit), zap.Int("wanted", s.wanted),
			zap.Int("connections", s.hits+s.hitsBeside), zap.Int("connections_to_a_vendor", s.vendor))
	}
}
