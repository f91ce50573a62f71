/*
 * A constant-product market maker for the Solana VM, for the local chain only.
 *
 * One pool holds two SPL Token vaults whose authority is the pool's own program-derived address, so that nothing but this
 * program can move them. No heap, no libc, no 128-bit compiler runtime: everything is inlined into one entry point.
 *
 *   0 InitPool     {u8 tag, u16 feeBps, u8 bump}        accounts: pool(w) mintA mintB vaultA vaultB systemProgram
 *   1 SwapExactIn  {u8 tag, u64 amountIn, u64 minOut}   accounts: pool user(s) userIn(w) userOut(w) vaultIn(w) vaultOut(w) tokenProgram
 *   2 SwapExactOut {u8 tag, u64 amountOut, u64 maxIn}   accounts: as above
 *
 * Both swaps return {u64 amountIn, u64 amountOut} as return data. Rounding always favours the pool.
 */
#include "solana.h"

#define ERR_SLIPPAGE 6001ULL     /* the same code Jupiter's aggregator answers, so that one adapter reads both */
#define ERR_WRONG_VAULT 6002ULL  /* vaults are not this pool's, or not in a valid state for it */
#define ERR_LIQUIDITY 6003ULL    /* the pool cannot give that amount, or an amount is zero or overflows */
#define ERR_FEE 6004ULL          /* fee out of range */
#define ERR_TOKEN_PROGRAM 6005ULL

#define BPS 10000ULL
#define POOL_SIZE 144
#define POOL_MAGIC 0x0001304d4d414251ULL /* "QBAMM0" and layout version 1, little-endian */
/* Pool account: magic 0, mintA 8, mintB 40, vaultA 72, vaultB 104, feeBps 136 (u16), bump 138 */
#define MINT_A 8
#define MINT_B 40
#define VAULT_A 72
#define VAULT_B 104
#define FEE 136
#define BUMP 138

/* SPL Token account: mint 0, owner 32, amount 64, delegate option 72, state 108, close authority option 129; 165 bytes */
#define TOKEN_SIZE 165

INLINE int is_token_program(const Pubkey *key) {
  return load64(key->x) == 0x93a165d7e1f6dd06ULL && load64(key->x + 8) == 0xac79ebce46e1cbd9ULL &&
         load64(key->x + 16) == 0x91375b5fed85b41cULL && load64(key->x + 24) == 0xa900ff7e85f58c3aULL;
}

/* A vault nobody but the pool can move or close: mint and owner match, initialised, no delegate, no close authority. */
INLINE int is_vault(const Account *vault, const Pubkey *mint, const Pubkey *pool) {
  return is_token_program(vault->owner) && vault->data_len == TOKEN_SIZE && same_key(vault->data, mint->x) &&
         same_key(vault->data + 32, pool->x) && vault->data[72] == 0 && vault->data[108] == 1 && vault->data[129] == 0;
}

INLINE void pool_seeds(Seed *seeds, const u8 *tag, const u8 *mint_a, const u8 *mint_b, const u8 *bump) {
  seeds[0].addr = tag;
  seeds[0].len = 4;
  seeds[1].addr = mint_a;
  seeds[1].len = 32;
  seeds[2].addr = mint_b;
  seeds[2].len = 32;
  seeds[3].addr = bump;
  seeds[3].len = 1;
}

INLINE void pool_tag(u8 *tag) {
  tag[0] = 'p';
  tag[1] = 'o';
  tag[2] = 'o';
  tag[3] = 'l';
}

/*
 * The payer sends the rent to the pool address in an instruction before this one; allocate and assign then work even when
 * somebody else put lamports there first (a plain CreateAccount would be blocked by a single foreign lamport).
 */
INLINE u64 init_pool(Account *a, u64 count, const u8 *data, u64 data_len, const Pubkey *program) {
  if (count != 6) return NOT_ENOUGH_ACCOUNT_KEYS;
  if (data_len != 4) return INVALID_INSTRUCTION_DATA;
  u64 fee = (u64)data[1] | ((u64)data[2] << 8);
  if (fee >= BPS) return ERR_FEE;
  if (a[0].data_len != 0) return ACCOUNT_ALREADY_INITIALIZED;
  if (!is_vault(&a[3], a[1].key, a[0].key) || !is_vault(&a[4], a[2].key, a[0].key)) return ERR_WRONG_VAULT;

  u8 tag[4];
  pool_tag(tag);
  Seed seeds[4];
  pool_seeds(seeds, tag, a[1].key->x, a[2].key->x, data + 3);
  SignerSeeds signer;
  signer.addr = seeds;
  signer.len = 4;

  /* The signer seeds prove that a[0] is the program-derived address of the two mints: any other address fails to sign. */
  u8 call[36];
  Meta meta;
  meta.pubkey = a[0].key;
  meta.is_writable = 1;
  meta.is_signer = 1;
  Instruction ix;
  ix.program_id = a[5].key;
  ix.accounts = &meta;
  ix.account_len = 1;
  ix.data = call;
  store32(call, 8); /* SystemInstruction::Allocate */
  store64(call + 4, POOL_SIZE);
  ix.data_len = 12;
  u64 failed = sol_invoke_signed_c(&ix, a, (int)count, &signer, 1);
  if (failed) return failed;
  store32(call, 1); /* SystemInstruction::Assign */
  copy_key(call + 4, program->x);
  ix.data_len = 36;
  failed = sol_invoke_signed_c(&ix, a, (int)count, &signer, 1);
  if (failed) return failed;

  u8 *pool = a[0].data;
  store64(pool, POOL_MAGIC);
  copy_key(pool + MINT_A, a[1].key->x);
  copy_key(pool + MINT_B, a[2].key->x);
  copy_key(pool + VAULT_A, a[3].key->x);
  copy_key(pool + VAULT_B, a[4].key->x);
  pool[FEE] = data[1];
  pool[FEE + 1] = data[2];
  pool[BUMP] = data[3];
  return 0;
}

INLINE u64 transfer(Account *a, int source, int destination, int authority, u64 amount, const SignerSeeds *signer, int signers) {
  u8 call[9];
  call[0] = 3; /* TokenInstruction::Transfer */
  store64(call + 1, amount);
  Meta metas[3];
  metas[0].pubkey = a[source].key;
  metas[0].is_writable = 1;
  metas[0].is_signer = 0;
  metas[1].pubkey = a[destination].key;
  metas[1].is_writable = 1;
  metas[1].is_signer = 0;
  metas[2].pubkey = a[authority].key;
  metas[2].is_writable = 0;
  metas[2].is_signer = 1;
  Instruction ix;
  ix.program_id = a[6].key;
  ix.accounts = metas;
  ix.account_len = 3;
  ix.data = call;
  ix.data_len = 9;
  return sol_invoke_signed_c(&ix, a, 7, signer, signers);
}

INLINE u64 swap(Account *a, u64 count, const u8 *data, u64 data_len, const Pubkey *program) {
  if (count != 7) return NOT_ENOUGH_ACCOUNT_KEYS;
  if (data_len != 17) return INVALID_INSTRUCTION_DATA;
  const u8 *pool = a[0].data;
  if (!same_key(a[0].owner->x, program->x) || a[0].data_len != POOL_SIZE || load64(pool) != POOL_MAGIC) return INVALID_ACCOUNT_DATA;
  if (!a[1].is_signer) return MISSING_REQUIRED_SIGNATURE;
  if (!is_token_program(a[6].key)) return ERR_TOKEN_PROGRAM;
  int a_to_b = same_key(a[4].key->x, pool + VAULT_A) && same_key(a[5].key->x, pool + VAULT_B);
  int b_to_a = same_key(a[4].key->x, pool + VAULT_B) && same_key(a[5].key->x, pool + VAULT_A);
  if (!a_to_b && !b_to_a) return ERR_WRONG_VAULT;
  if (a[4].data_len != TOKEN_SIZE || a[5].data_len != TOKEN_SIZE) return ERR_WRONG_VAULT;

  u64 reserve_in = load64(a[4].data + 64), reserve_out = load64(a[5].data + 64);
  u64 keep = BPS - ((u64)pool[FEE] | ((u64)pool[FEE + 1] << 8));
  u64 amount_in, amount_out, limit = load64(data + 9);
  if (data[0] == 1) {
    amount_in = load64(data + 1);
    u64 net = mul_div(amount_in, keep, BPS, 0);
    if (net == MATH_OVERFLOW || net == 0 || reserve_in + amount_in < reserve_in) return ERR_LIQUIDITY;
    amount_out = mul_div(net, reserve_out, reserve_in + net, 0);
    if (amount_out == MATH_OVERFLOW || amount_out == 0 || amount_out >= reserve_out) return ERR_LIQUIDITY;
    if (amount_out < limit) {
      sol_log_("slippage: out below minOut", 26);
      return ERR_SLIPPAGE;
    }
  } else {
    amount_out = load64(data + 1);
    if (amount_out == 0 || amount_out >= reserve_out) return ERR_LIQUIDITY;
    u64 net = mul_div(reserve_in, amount_out, reserve_out - amount_out, 1);
    if (net == MATH_OVERFLOW) return ERR_LIQUIDITY;
    amount_in = mul_div(net, BPS, keep, 1);
    if (amount_in == MATH_OVERFLOW || amount_in == 0 || reserve_in + amount_in < reserve_in) return ERR_LIQUIDITY;
    if (amount_in > limit) {
      sol_log_("slippage: in above maxIn", 24);
      return ERR_SLIPPAGE;
    }
  }

  u64 failed = transfer(a, 2, 4, 1, amount_in, 0, 0);
  if (failed) return failed;
  u8 tag[4];
  pool_tag(tag);
  Seed seeds[4];
  pool_seeds(seeds, tag, pool + MINT_A, pool + MINT_B, pool + BUMP);
  SignerSeeds signer;
  signer.addr = seeds;
  signer.len = 4;
  failed = transfer(a, 5, 3, 0, amount_out, &signer, 1);
  if (failed) return failed;

  u8 answer[16];
  store64(answer, amount_in);
  store64(answer + 8, amount_out);
  sol_set_return_data(answer, 16);
  return 0;
}

u64 entrypoint(u8 *input) {
  Account accounts[MAX_ACCOUNTS];
  u64 count = load64(input);
  if (count == 0 || count > MAX_ACCOUNTS) return NOT_ENOUGH_ACCOUNT_KEYS;
  u8 *p = parse_accounts(input + 8, count, accounts);
  /* One account in two roles (a vault as the user's own, say) is never legitimate here. */
  if (!p) return INVALID_ARGUMENT;
  u64 data_len = load64(p);
  const u8 *data = p + 8;
  const Pubkey *program = (const Pubkey *)(data + data_len);
  if (data_len == 0) return INVALID_INSTRUCTION_DATA;
  if (data[0] == 0) return init_pool(accounts, count, data, data_len, program);
  if (data[0] <= 2) return swap(accounts, count, data, data_len, program);
  return INVALID_INSTRUCTION_DATA;
}
