/* What a program needs of the Solana VM: the C call ABI of the syscalls, the layout of the input, and wide arithmetic. */
#ifndef SOLANA_H
#define SOLANA_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
/* The VM has no relocatable calls between functions in this build, so everything is inlined. */
#define INLINE static inline __attribute__((always_inline))
#define MAX_ACCOUNTS 7

#define INVALID_ARGUMENT (2ULL << 32)
#define INVALID_INSTRUCTION_DATA (3ULL << 32)
#define INVALID_ACCOUNT_DATA (4ULL << 32)
#define MISSING_REQUIRED_SIGNATURE (8ULL << 32)
#define ACCOUNT_ALREADY_INITIALIZED (9ULL << 32)
#define NOT_ENOUGH_ACCOUNT_KEYS (11ULL << 32)

typedef struct {
  u8 x[32];
} Pubkey;
typedef struct {
  Pubkey *key;
  u64 *lamports;
  u64 data_len;
  u8 *data;
  Pubkey *owner;
  u64 rent_epoch;
  u8 is_signer, is_writable, executable;
} Account;
typedef struct {
  Pubkey *pubkey;
  u8 is_writable, is_signer;
} Meta;
typedef struct {
  Pubkey *program_id;
  Meta *accounts;
  u64 account_len;
  u8 *data;
  u64 data_len;
} Instruction;
typedef struct {
  const u8 *addr;
  u64 len;
} Seed;
typedef struct {
  const Seed *addr;
  u64 len;
} SignerSeeds;

extern u64 sol_invoke_signed_c(const Instruction *, const Account *, int, const SignerSeeds *, int);
extern void sol_log_(const char *, u64);
extern u64 sol_set_return_data(const u8 *, u64);

INLINE u64 load64(const u8 *p) { return *(const u64 *)p; }
INLINE void store64(u8 *p, u64 v) { *(u64 *)p = v; }
INLINE void store32(u8 *p, u32 v) { *(u32 *)p = v; }
INLINE int same_key(const u8 *a, const u8 *b) {
  return load64(a) == load64(b) && load64(a + 8) == load64(b + 8) && load64(a + 16) == load64(b + 16) && load64(a + 24) == load64(b + 24);
}
INLINE void copy_key(u8 *to, const u8 *from) {
  for (int i = 0; i < 32; i += 8) store64(to + i, load64(from + i));
}

/* Fills `accounts` from the serialised input and returns what follows them, or 0 when an account appears twice. */
INLINE u8 *parse_accounts(u8 *p, u64 count, Account *accounts) {
#pragma clang loop unroll(disable)
  for (u64 i = 0; i < count; i++) {
    if (*p != 0xff) return 0;
    Account *a = &accounts[i];
    a->is_signer = p[1];
    a->is_writable = p[2];
    a->executable = p[3];
    a->key = (Pubkey *)(p + 8);
    a->owner = (Pubkey *)(p + 40);
    a->lamports = (u64 *)(p + 72);
    a->data_len = load64(p + 80);
    a->data = p + 88;
    p += 88 + a->data_len + 10240; /* the VM leaves 10 KiB after the data for growth */
    p = (u8 *)(((u64)p + 7) & ~7ULL);
    a->rent_epoch = load64(p);
    p += 8;
  }
  return p;
}

#define MATH_OVERFLOW (~0ULL)
/* a * b / d with a 128-bit product, rounded down or up; MATH_OVERFLOW when the quotient does not fit or d is zero. */
INLINE u64 mul_div(u64 a, u64 b, u64 d, int up) {
  u64 al = a & 0xffffffff, ah = a >> 32, bl = b & 0xffffffff, bh = b >> 32;
  u64 low = al * bl, mid1 = al * bh, mid2 = ah * bl;
  u64 mid = (low >> 32) + (mid1 & 0xffffffff) + (mid2 & 0xffffffff);
  u64 lo = (low & 0xffffffff) | (mid << 32);
  u64 hi = ah * bh + (mid1 >> 32) + (mid2 >> 32) + (mid >> 32);
  if (d == 0 || hi >= d) return MATH_OVERFLOW;
  u64 q = 0;
#pragma clang loop unroll(disable)
  for (int i = 0; i < 64; i++) { /* schoolbook division, one bit at a time: the remainder never exceeds 65 bits */
    u64 carry = hi >> 63;
    hi = (hi << 1) | (lo >> 63);
    lo <<= 1;
    q <<= 1;
    if (carry || hi >= d) {
      hi -= d;
      q |= 1;
    }
  }
  if (up && hi != 0) q++; /* at most MATH_OVERFLOW, which is an overflow */
  return q;
}

#endif
