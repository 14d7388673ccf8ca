package proxy

import (
	"testing"
)

// TestDescriptorsAreSharedOut: whatever the limit is, nothing gets nothing, and all together get no more than there is.
func TestDescriptorsAreSharedOut(t *testing.T) {
	for _, hosts := range []int{0, 1, 2, 8, 40} {
		wanted := shareOut(1<<20, hosts).wanted
		for _, limit := range []int{0, 64, 128, 256, 512, 1024, 4096, 8192, wanted - 1, wanted, 65_536, 1 << 20, 1 << 30} {
			s := shareOut(limit, hosts)
			if min(s.hits, s.hitsBeside, s.staff, s.staffBeside, s.vendor, ofOne(s.hits), ofOne(s.staff)) < 1 {
				t.Errorf("of %d, with %d hosts: %+v", limit, hosts, s)
			}
			if s.hits > hitPlaces || s.hitsBeside > hitBeside || s.staff > staffPlaces || s.staffBeside > staffBeside ||
				s.vendor > vendorConns || ofOne(s.hits) >= s.hits {
				t.Errorf("of %d, with %d hosts: %+v", limit, hosts, s)
			}
			vendors := s.vendor * max(hosts, 1)
			if s.vendor > 2 && limit < wanted { // two connections are the least that makes sense
				if sum := ownFiles + s.hits + s.hitsBeside + s.staff + s.staffBeside + vendors; sum > max(limit, ownFiles+24) {
					t.Errorf("of %d, with %d hosts, %d are shared out: %+v", limit, hosts, sum, s)
				}
			}
			if full := s.hits == hitPlaces && s.staff == staffPlaces; full != (limit >= wanted) && limit < 4096 {
				t.Errorf("of %d, with %d hosts: %+v", limit, hosts, s)
			}
		}
	}
	if s := shareOut(256, 2); s.hits != 93 || s.hitsBeside != 13 || s.staff != 14 || s.staffBeside != 2 ||
		s.vendor != 35 || s.wanted != 4584 {
		t.Errorf("%+v", s)
	}
	if openFiles() < 64 {
		t.Errorf("%d", openFiles())
	}
}
