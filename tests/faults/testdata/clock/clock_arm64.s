#include "textflag.h"

// func skewClock()
TEXT ·skewClock(SB), NOSPLIT, $0-0
	MOVD runtime·vdsoClockgettimeSym(SB), R0
	MOVD R0, ·kernelClock(SB)
	MOVD $skewed<>(SB), R0
	MOVD R0, runtime·vdsoClockgettimeSym(SB)
	RET

// int skewed(clockid_t which, struct timespec *now)
TEXT skewed<>(SB), NOSPLIT|NOFRAME, $0
	SUB  $32, RSP
	STP  (R0, R1), 0(RSP)
	MOVD R30, 16(RSP)
	MOVD ·kernelClock(SB), R9
	BL   (R9)
	LDP  0(RSP), (R2, R1)
	MOVD 16(RSP), R30
	ADD  $32, RSP
	CBNZW R2, monotonic // CLOCK_REALTIME is 0
	MOVD ·clockPage(SB), R9
	MOVD (R9), R9
	MOVD (R1), R10
	ADD  R9, R10
	MOVD R10, (R1)
monotonic:
	RET
