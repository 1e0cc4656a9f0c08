//! Error codes: the documented numbers, and what HTTP says with each.

/// A refusal's code, as documented for the Calls SDK and the Platform API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ErrorCode {
    /// 400100: a value is not allowed.
    InvalidParams,
    /// 400111: a required value is missing.
    MissingParams,
    /// 400200: the thing named does not exist.
    NotFound,
    /// 400201: a thing of that id exists already.
    AlreadyExists,
    /// 400201 in the user half of the API, where the number means not found.
    UserNotFound,
    /// 400202 in the user half of the API: the user exists already.
    UserExists,
    /// 401120: not allowed for this token.
    NotAllowed,
    /// 401121: no valid token.
    NotAuthorized,
    /// 429100: too many requests.
    RateLimited,
    /// 500999: the server failed.
    Internal,
    /// 1400101: the call is not in a state for that.
    InvalidCallStatus,
    /// 1400102: no such call.
    CallDoesNotExist,
    /// 1400103: no such callee.
    CalleeDoesNotExist,
    /// 1400104: a user cannot dial themselves.
    DialMyself,
    /// 1400105: not a party of this call.
    NoPermission,
}

impl ErrorCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::InvalidParams => 400_100,
            Self::MissingParams => 400_111,
            Self::NotFound => 400_200,
            Self::AlreadyExists | Self::UserNotFound => 400_201,
            Self::UserExists => 400_202,
            Self::NotAllowed => 401_120,
            Self::NotAuthorized => 401_121,
            Self::RateLimited => 429_100,
            Self::Internal => 500_999,
            Self::InvalidCallStatus => 1_400_101,
            Self::CallDoesNotExist => 1_400_102,
            Self::CalleeDoesNotExist => 1_400_103,
            Self::DialMyself => 1_400_104,
            Self::NoPermission => 1_400_105,
        }
    }

    /// The HTTP status that goes with the code.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::NotAllowed | Self::NotAuthorized => 401,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::InvalidParams
            | Self::MissingParams
            | Self::NotFound
            | Self::AlreadyExists
            | Self::UserNotFound
            | Self::UserExists
            | Self::InvalidCallStatus
            | Self::CallDoesNotExist
            | Self::CalleeDoesNotExist
            | Self::DialMyself
            | Self::NoPermission => 400,
        }
    }
}
