package contact

import (
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// Country is how the numbers of a country are dialled.
type Country struct {
	Name  string // ISO 3166-1, two capital letters
	code  string // the country's code: 49
	trunk string // stands before numbers that are dialled within the country: 0
	exit  string // stands before numbers of other countries where that is not 00: 011
	most  int    // digits of a number without trunk where one may begin with the same digit, else 0
}

// FindCountry returns a country by its two letters, of any case.
func FindCountry(name string) (Country, bool) {
	if len(name) != 2 || !ascii.IsLetter(name[0]) || !ascii.IsLetter(name[1]) {
		return Country{}, false
	}
	name = strings.ToUpper(name)
	for one := range strings.FieldsSeq(countries) {
		if one[:2] == name {
			return parseCountry(one), true
		}
	}
	return Country{}, false
}

// CountryNames lists the countries that [FindCountry] knows.
func CountryNames() []string {
	var all []string
	for one := range strings.FieldsSeq(countries) {
		all = append(all, one[:2])
	}
	return all
}

// parseCountry reads an entry of the table.
func parseCountry(one string) Country {
	c := Country{Name: one[:2]}
	rest, exit, _ := strings.Cut(one[2:], "/")
	rest, most, _ := strings.Cut(rest, "<")
	c.code, c.trunk, _ = strings.Cut(rest, "-")
	c.exit = exit
	c.most, _ = strconv.Atoi(most)
	return c
}

// significant is a number as it is dialled within the country, without what is dialled before it there.
func (c *Country) significant(d []byte) []byte {
	if n := len(c.trunk); n > 0 && len(d) > n && string(d[:n]) == c.trunk && (c.most == 0 || len(d) > c.most) {
		d = d[n:]
	}
	if !zeroKept(c.code) {
		for len(d) > 0 && d[0] == '0' {
			d = d[1:]
		}
	}
	return d
}

// countries are all that have numbers: two letters, the country's code, behind "-" what stands before numbers within the
// country, behind "<" how long a number is that may begin so itself, behind "/" what is dialled for another country where
// that is not 00. A test holds them against the metadata of libphonenumber.
const countries = `AC247 AD376 AE971-0 AF93-0 AG1-1/011 AI1-1/011 AL355-0 AM374-0 AO244 AR54-0 AS1-1/011 AT43-0 AU61-0/0011
AW297 AX358-0 AZ994-0 BA387-0 BB1-1/011 BD880-0 BE32-0 BF226 BG359-0 BH973 BI257 BJ229 BL590-0 BM1-1/011
BN673 BO591-0 BQ599 BR55-0 BS1-1/011 BT975 BW267 BY375-8<9/810 BZ501 CA1-1/011 CC61-0/0011 CD243-0 CF236
CG242 CH41-0 CI225 CK682 CL56 CM237 CN86-0 CO57-0 CR506 CU53-0/119 CV238 CW599 CX61-0/0011 CY357 CZ420
DE49-0 DJ253 DK45 DM1-1/011 DO1-1/011 DZ213-0 EC593-0 EE372 EG20-0 EH212-0 ER291-0 ES34 ET251-0 FI358-0
FJ679 FK500 FM691 FO298 FR33-0 GA241 GB44-0 GD1-1/011 GE995-0 GF594-0 GG44-0 GH233-0 GI350 GL299 GM220
GN224 GP590-0 GQ240 GR30 GT502 GU1-1/011 GW245 GY592/001 HK852 HN504 HR385-0 HT509 HU36-06 ID62-0 IE353-0
IL972-0 IM44-0 IN91-0 IO246 IQ964-0 IR98-0 IS354 IT39 JE44-0 JM1-1/011 JO962-0 JP81-0/010 KE254-0/000
KG996-0 KH855-0 KI686-0 KM269 KN1-1/011 KP850-0 KR82-0 KW965 KY1-1/011 KZ7-8<10/810 LA856-0 LB961-0
LC1-1/011 LI423-0 LK94-0 LR231-0 LS266 LT370-0 LU352 LV371 LY218-0 MA212-0 MC377-0 MD373-0 ME382-0 MF590-0
MG261-0 MH692-1/011 MK389-0 ML223 MM95-0 MN976-0/001 MO853 MP1-1/011 MQ596-0 MR222 MS1-1/011 MT356 MU230
MV960 MW265-0 MX52 MY60-0 MZ258 NA264-0 NC687 NE227 NF672 NG234-0/009 NI505 NL31-0 NO47 NP977-0 NR674 NU683
NZ64-0 OM968 PA507 PE51-0 PF689 PG675 PH63-0 PK92-0 PL48 PM508-0 PR1-1/011 PS970-0 PT351 PW680 PY595-0
QA974 RE262-0 RO40-0 RS381-0 RU7-8<10/810 RW250-0 SA966-0 SB677 SC248 SD249-0 SE46-0 SG65 SH290 SI386-0
SJ47 SK421-0 SL232-0 SM378 SN221 SO252-0 SR597 SS211-0 ST239 SV503 SX1-1/011 SY963-0 SZ268 TA290 TC1-1/011
TD235 TG228 TH66-0 TJ992/810 TK690 TL670 TM993-8<8/810 TN216 TO676 TR90-0 TT1-1/011 TV688 TW886-0 TZ255-0
UA380-0 UG256-0 US1-1/011 UY598-0 UZ998 VA39 VC1-1/011 VE58-0 VG1-1/011 VI1-1/011 VN84-0 VU678 WF681 WS685
XK383-0 YE967-0 YT262-0 ZA27-0 ZM260-0 ZW263-0`
